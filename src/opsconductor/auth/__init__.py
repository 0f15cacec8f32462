"""Who is asking and what they may do: users, sessions, tokens, roles."""
