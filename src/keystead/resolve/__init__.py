"""Runs plans to get credentials; the only package that calls AWS for them."""
