"""``python -m fuzz.entry NAME [OPTION ...]``: one of `fuzz.entries`, guided by coverage."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["keystead"]):
    from fuzz.entries import ENTRIES

if __name__ == "__main__":
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, ENTRIES[name])
    atheris.Fuzz()
