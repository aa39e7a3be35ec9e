"""Typing cmdlets: the prompt, completion, and what of a line may be stored."""
