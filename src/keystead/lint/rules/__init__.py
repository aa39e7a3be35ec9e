"""The rules of `keystead lint`, by family."""
