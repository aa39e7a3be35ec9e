"""Undo: earlier versions of the files that keystead changes, encrypted."""
