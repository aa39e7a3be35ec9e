"""The encrypted store: its file format, ciphers, protectors and the store itself."""
