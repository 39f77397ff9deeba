"""What can be asked of the logs, and what others may verify."""
