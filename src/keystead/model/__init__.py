"""Profiles, credentials and plans: values and pure functions, without I/O."""
