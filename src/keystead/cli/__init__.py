"""The plain spelling: the ``keystead`` command, its table of verbs and what it prints."""
