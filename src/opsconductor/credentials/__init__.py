"""Sealed secrets with which targets are signed in to."""
