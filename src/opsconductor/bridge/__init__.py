"""The service between Node-RED and the core: validates, limits, caches, passes on. It owns no tables."""
