"""The user's browser: opening a page in it, and the server on the loopback that it comes back to"""
