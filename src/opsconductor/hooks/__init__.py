"""Hooks: the paths that flows serve, and how each request to one has to prove itself."""
