"""Checks of this machine, with a fix for each problem; `checks` is the table."""
