"""Signing in and out, by a browser or a code; the only package that opens a browser."""
