"""What `keystead lint` reports: findings, rules, and the runner over both shared files."""
