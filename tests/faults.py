"""System calls that fail on demand, for tests of the state after a failed write."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

from keystead.system.files import Files

OLD = b"old = 1\n"
NEW = b"new = 22222222\n" * 50


class Fault:
    """The calls of `os`, of which the one with number ``at`` fails, before or after it is done.

    ``seen`` are the names of the calls so far; ``at`` -1 fails none. Without an ``error`` the
    process is gone at that call, as if it was killed.
    """

    def __init__(self, at: int, error: BaseException | None, *, done: bool = False) -> None:
        self.at = at
        self.error = error
        self.done = done
        self.seen: list[str] = []

    def __getattr__(self, name: str) -> object:
        if not callable(getattr(os, name)):
            return getattr(os, name)  # a constant, or `os.path`

        def call(*arguments: object, **named: object) -> object:
            self.seen.append(name)
            hit = len(self.seen) - 1 == self.at
            if hit and not self.done:
                if name == "close":
                    os.close(*arguments)  # a close that fails has closed all the same
                self._fail()
            result = getattr(os, name)(*arguments, **named)
            if hit:
                self._fail()
            return result

        return call

    def _fail(self) -> NoReturn:
        if self.error is None:
            os._exit(9)
        raise self.error


def replace(files: Files, path: Path, data: bytes = NEW, *, private: bool = True) -> None:
    """Replaces the file at ``path`` as a store does it."""
    with files.lock(path):
        files.replace(path, data, expect=files.read(path).version, private=private)
