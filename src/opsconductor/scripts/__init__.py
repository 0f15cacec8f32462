"""Scripts that are kept: each with its parameters, and every version it ever had."""
