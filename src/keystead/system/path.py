"""`Path`: `pathlib.Path` for type checkers and on Windows, elsewhere a class that loads faster.

`pathlib` of Python 3.11 loads `urllib.parse`, `ipaddress` and `fnmatch`: a third of what an empty
Python takes.
"""

from __future__ import annotations

import os
import sys

__all__ = ["Path"]

TYPE_CHECKING = False
if TYPE_CHECKING or sys.platform == "win32":
    from pathlib import Path
else:

    class Path:
        """Behaves as `pathlib.PosixPath`, to which attributes not defined here are delegated."""

        __slots__ = ("_text",)

        def __init__(self, *parts):
            text = os.path.join(*parts) if parts else ""
            root = "/" * (text[:1] == "/") * (1 + (text[:2] == "//" != text[1:3]))
            inner = "/".join([part for part in text.split("/") if part not in {"", "."}])
            self._text = root + inner or "."

        def __fspath__(self):
            return self._text

        __str__ = __fspath__

        def __repr__(self):
            return f"Path({self._text!r})"

        def __eq__(self, other):
            return hasattr(other, "__fspath__") and self._text == os.fspath(other)

        def __lt__(self, other):
            return self.parts < Path(other).parts

        def __hash__(self):
            return hash(self._text)

        def __truediv__(self, other):
            return Path(self._text, other)

        @property
        def name(self):
            name = self._text.rpartition("/")[2]
            return "" if name == "." else name

        @property
        def parent(self):
            return Path(os.path.dirname(self._text)) if self.name else self

        @property
        def parents(self):
            return [self.parent, *self.parent.parents] if self.name else []

        @property
        def parts(self):
            root = self._text[: len(self._text) - len(self._text.lstrip("/"))]
            inner = self._text[len(root) :].split("/") if self.name else ()
            return (*([root] if root else ()), *inner)

        def exists(self):
            return os.path.exists(self._text)

        def glob(self, pattern):
            start, star, end = pattern.partition("*")
            if not star or {*"*?[/"} & {*start, *end}:
                yield from map(Path, self.__getattr__("glob")(pattern))
                return
            try:
                names = os.listdir(self._text)
            except OSError:
                return
            for name in names:
                if len(name) >= len(start + end) and name.startswith(start) and name.endswith(end):
                    yield self / name

        def is_relative_to(self, other):
            above = Path(other).parts
            return self.parts[: len(above)] == above if above else self._text[0] != "/"

        def with_name(self, name):
            return self.parent / name

        def __getattr__(self, name):
            if name == "_text":
                raise AttributeError(name)
            import pathlib

            return getattr(pathlib.Path(self._text), name)
