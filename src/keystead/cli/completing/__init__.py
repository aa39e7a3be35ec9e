"""Completion of the whole command in a person's shell: scripts for shells, and who answers them."""
