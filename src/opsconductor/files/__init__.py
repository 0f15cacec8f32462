"""Files that people uploaded to send them to targets, and files that were fetched from targets."""
