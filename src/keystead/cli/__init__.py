"""The ``keystead`` command: its table of plain commands and their output."""
