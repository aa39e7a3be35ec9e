"""The shared files as text: a byte-exact document, its edits and the rules that interpret it."""
