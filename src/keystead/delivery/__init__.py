"""Delivery of credentials: as text, to a child process, to boto3."""
