"""A hardened HTTP server on the loopback; it knows nothing of credentials."""
