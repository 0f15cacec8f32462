"""Flows drawn in Node-RED: their versions, whom they run as, and the API their nodes use."""
