"""The embedded stack: everything the product needs on one machine, under one supervisor, without Docker."""
