"""The results of edits: the cases in tests/cases/editing.

Parts: ``config`` or ``credentials``, the file; ``edit``, one edit a line (``set PROFILE KEY
VALUE``, ``block PROFILE KEY JSON``, ``unset PROFILE KEY``, ``remove PROFILE``, ``rename OLD
NEW``, ``copy OLD NEW``; ``_`` in a profile's name is a blank); ``result``, the file afterwards,
and nothing for a file that stays as it is.
"""

import json
from pathlib import Path

import pytest

from keystead.stores.shared_file import SharedFile
from keystead.text.dialect import FileKind, interpret
from keystead.text.document import Document
from tests.casefile import Case, cases

CASES = cases("editing")


def edited(file: SharedFile, line: str) -> SharedFile:
    verb, name, *rest = line.split(" ", 3)
    name = name.replace("_", " ")
    if verb == "set":
        return file.set(name, rest[0], rest[1] if len(rest) > 1 else "")
    if verb == "block":
        return file.set(name, rest[0], json.loads(rest[1]))
    edits = {
        "unset": file.unset,
        "remove": file.removed,
        "rename": file.renamed,
        "copy": file.copied,
    }
    return edits[verb](name, *rest)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.place} {c.purpose}")
def test_an_edit_gives_exactly_this_file(case: Case) -> None:
    name = "config" if "config" in case.parts else "credentials"
    data = case.parts[name]
    kind = FileKind(name)
    file = SharedFile(Path(name), kind, Document(data, name), None)
    before = interpret(file.document, kind)
    for line in case.text("edit").splitlines():
        file = edited(file, line)
    assert case.parts.get("result", data) == file.document.data
    after = interpret(file.document, kind)
    twice = [w for w in after.warnings if "twice" in w.message]
    assert len(twice) <= len([w for w in before.warnings if "twice" in w.message])
