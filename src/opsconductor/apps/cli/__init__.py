"""The command line: `./opsconductor`. Words and statuses are those of the web app."""
