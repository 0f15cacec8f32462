"""The folder with the content of outputs and files, and the bucket behind it, where there is one."""
