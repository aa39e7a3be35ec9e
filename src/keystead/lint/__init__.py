"""`keystead lint`: rules, findings, and the runner over both shared files."""
