"""Typing cmdlets: the prompt, completion, and masking for the history."""
