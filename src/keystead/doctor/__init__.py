"""Looks for problems of this machine, each with its fix.

`checks` is the table: a new check is a row there and a function. What is wrong in the shared
files is `keystead lint`'s.
"""
