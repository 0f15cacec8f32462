"""Benchmarks: what was promised, measured on the real stack, beside a peer in the same run."""
