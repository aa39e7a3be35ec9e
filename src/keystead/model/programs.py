"""The setting `programs` of a profile: which executables may use it."""

from __future__ import annotations

import re

from keystead.model.profile import Profile

SETTING = "programs"

_INTERPRETER = (
    r"(?:python|pypy|ruby|perl|node|nodejs|deno|bun|java|php|lua|tclsh|pwsh|powershell|cmd|bash|zsh"
    r"|dash|fish|ksh|mksh|csh|tcsh|busybox|sh|env|sudo|nohup|timeout|xargs)w?[\d.]*(?:\.exe)?"
)


def named_programs(profile: Profile) -> list[str]:
    """The paths and names in its setting: separated by commas, names also by blanks."""
    parts = [part.strip() for part in (profile.text(SETTING) or "").split(",")]
    return [word for part in parts if part for word in ([part] if is_path(part) else part.split())]


def is_path(rule: str) -> bool:
    """Whether a rule is the path of one file; else it is the name of any file."""
    import ntpath
    import posixpath

    return posixpath.isabs(rule) or ntpath.isabs(rule)


def is_interpreter(rule: str) -> bool:
    """Whether a program of that name or path runs any other program that it is given."""
    import ntpath

    return re.fullmatch(_INTERPRETER, ntpath.basename(rule), re.IGNORECASE) is not None
