"""Ways out: each takes a message and a channel's settings, and sends once or says why not."""
