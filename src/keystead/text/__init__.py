"""The shared files as text: a byte-exact document, its edits, the rules that give it meaning."""
