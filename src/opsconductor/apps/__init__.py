"""Composition roots: each puts the domains together into one process."""
