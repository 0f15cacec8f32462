"""Calendars: when work is allowed on which targets, and when it is not."""
