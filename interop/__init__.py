"""Real clients of AWS, each getting credentials from keystead by each way that it supports."""
