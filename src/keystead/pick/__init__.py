"""Choosing a profile: the finder, its list on a terminal, and `fzf` in its place"""
