"""A hardened HTTP server on the loopback, independent of credentials."""
