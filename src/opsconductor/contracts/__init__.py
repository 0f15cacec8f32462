"""The shapes that core, bridge and nodes agree on. No behaviour."""
