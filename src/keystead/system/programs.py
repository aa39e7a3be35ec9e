"""Which program started this process."""

from __future__ import annotations

import os
import re
import sys

_INTERPRETER = re.compile(r"(?:python|ruby|perl|node|java|pwsh|bash|zsh|dash|fish|sh)[\d.]*")
_SECONDS = 5.0


def parent() -> list[str]:
    """The names that the program which started this one goes by: its own, and a script's."""
    try:
        own, words = _of(os.getppid())
    except OSError:
        return []
    found = [os.path.basename(own), os.path.basename(words[0])]
    if _INTERPRETER.fullmatch(found[0]):
        scripts = [word for word in words[1:] if not word.startswith("-")]
        found += [os.path.basename(word) for word in scripts[:1]]
    return [name for name in dict.fromkeys(found) if name]


def _of(number: int) -> tuple[str, list[str]]:
    """The file and the command line of a process. Raises `OSError`."""
    if sys.platform == "linux":
        with open(f"/proc/{number}/cmdline", "rb") as file:
            words = os.fsdecode(file.read()).split("\0")
        return os.readlink(f"/proc/{number}/exe").removesuffix(" (deleted)"), words
    elif sys.platform == "win32":  # noqa: RET505  # a branch for the type checker of each platform
        raise OSError("Windows has no such command")
    else:
        import subprocess  # here alone, as it takes time to load

        ps = ["/bin/ps", "-o", "args=", "-p", str(number)]
        try:
            done = subprocess.run(ps, capture_output=True, timeout=_SECONDS, check=True)  # noqa: S603  # no word of it comes from outside
        except subprocess.SubprocessError as error:
            raise OSError(str(error)) from None
        words = os.fsdecode(done.stdout).split() or [""]
        return words[0], words
