"""What `keystead lint` looks for: the table of its rules, and those that are seen in profiles."""
