"""The stores of profiles: the encrypted store, the shared files, and the chain of both."""
