"""Where profiles live: the encrypted store, the shared files, and the two searched in order."""
