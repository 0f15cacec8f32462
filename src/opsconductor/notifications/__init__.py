"""Notifications: what people are told, by which channels, and what became of each delivery."""
