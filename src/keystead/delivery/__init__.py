"""Handing credentials over: as text for a program, to a child process, to boto3."""
