"""Running something on many targets: accepted once, claimed by workers, never run twice, never forgotten."""
