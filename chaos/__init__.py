"""The crash storm: a stack under load while its parts are killed, and its promises held against what happened."""
