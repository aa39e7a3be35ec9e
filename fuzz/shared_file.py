"""The fuzz target for shared files: any bytes, read by every function and edited.

It checks that errors have file and line, that linting raises none, that all functions read the
same, that writing returns the same bytes, and that an edit changes only its setting and is
idempotent.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["keystead.text", "keystead.stores"]):
    from keystead.errors import DocumentError
    from keystead.lint.runner import lint
    from keystead.lint.subject import Looked
    from keystead.lint.view import View
    from keystead.stores.shared_file import SharedFile
    from keystead.text.dialect import FileKind, interpret, profiles
    from keystead.text.document import Document

_KINDS = (FileKind.CREDENTIALS, FileKind.CONFIG)
_EDITS = ("set", "set nested", "unset", "unset nested", "remove", "rename", "copy", "block")
_NEW = "made-by-fuzz"

Meaning = dict[str, dict[str, object]]


def main(data: bytes) -> None:
    """One run: the first two bytes choose kind, edit and profile, the rest is the file."""
    choice, number, content = data[:1], data[1:2], data[2:]
    if not number:
        return
    kind = _KINDS[choice[0] % 2]
    findings = lint(Looked([View.of(kind, "file", content)]))
    try:
        document = Document(content, "file")
        meaning = _meaning(document, kind)
    except DocumentError as error:
        assert error.where is not None
        assert 1 <= (error.where.line or 0) <= content.count(b"\n") + 1
        assert findings
        _refused(content, kind)
        return
    document.check()
    assert document.splice([]).data == content
    quick = {name: _plain(values) for name, values in profiles(document, kind).items()}
    assert list(quick.items()) == list(meaning.items()), (quick, meaning)
    file = SharedFile(Path("file"), kind, document, None)
    for name, settings in meaning.items():
        alone = SharedFile(Path("file"), kind, Document(content, "file"), None)
        found = {key: entry.value for key, entry in alone.settings(name).items()}
        assert _plain(found) == settings, (found, settings)
        looked_up = SharedFile(Path("file"), kind, Document(content, "file"), None).values(name)
        assert _plain(looked_up or {}) == settings, (looked_up, settings)
    names = [*meaning, _NEW]
    verb = _EDITS[choice[0] // 2 % len(_EDITS)]
    _edit(file, verb, names[number[0] % len(names)], meaning)


def _refused(content: bytes, kind: FileKind) -> None:
    """Check that all functions that read the whole file refuse it."""
    for read in (lambda d: d.check(), lambda d: profiles(d, kind)):
        try:
            read(Document(content, "file"))
        except DocumentError:
            continue
        raise AssertionError("one function reads what another refuses")


def _edit(file: SharedFile, verb: str, name: str, meaning: Meaning) -> None:
    there = name in meaning
    expected = {other: dict(settings) for other, settings in meaning.items()}
    if verb in ("set", "set nested", "block") and not there and name != _NEW:
        return
    if verb == "set":
        expected.setdefault(name, {})["region"] = "eu-west-1"
        again = after = file.set(name, "region", "eu-west-1")
        again = after.set(name, "region", "eu-west-1")
    elif verb == "set nested":
        if "s3.fuzz" in expected.get(name, {}):
            return
        block = expected.get(name, {}).get("s3")
        lines = block if isinstance(block, dict) else {}
        expected.setdefault(name, {})["s3"] = {**lines, "fuzz": "1"}
        after = file.set(name, "s3.fuzz", "1")
        again = after.set(name, "s3.fuzz", "1")
    elif verb == "block":
        expected.setdefault(name, {})["s3"] = {"a": "1", "b": "2"}
        after = file.set(name, "s3", {"a": "1", "b": "2"})
        again = after.set(name, "s3", {"a": "1", "b": "2"})
    elif verb == "unset":
        expected.get(name, {}).pop("region", None)
        after = file.unset(name, "region")
        again = after.unset(name, "region")
    elif verb == "unset nested":
        dotted = "s3.x" in expected.get(name, {})  # it hides the nested line of that name
        _without(expected.get(name, {}), "s3", "x")
        after = file.unset(name, "s3.x")
        again = after if dotted else after.unset(name, "s3.x")
    elif verb == "remove":
        expected.pop(name, None)
        after = file.removed(name)
        again = after.removed(name)
    else:
        if not there or name == _NEW or _NEW in meaning:
            return
        moved = verb == "rename"
        expected[_NEW] = expected.pop(name) if moved else dict(expected[name])
        after = file.renamed(name, _NEW) if moved else file.copied(name, _NEW)
        expected[_NEW].pop("toolkit_artifact_guid" if not moved else "", None)
        again = after
    found = _meaning(Document(after.document.data, "file"), file.kind)
    assert _filled(found) == _filled(expected), (verb, name, found, expected)
    assert again.document.data == after.document.data, verb


def _filled(meaning: Meaning) -> Meaning:
    """Without empty blocks, which remain only because of ignored lines."""
    return {
        name: {key: value for key, value in settings.items() if value != {}}
        for name, settings in meaning.items()
    }


def _without(settings: dict[str, object], block: str, name: str) -> None:
    if f"{block}.{name}" in settings:
        del settings[f"{block}.{name}"]
        return
    lines = settings.get(block)
    if isinstance(lines, dict) and name in lines:
        settings[block] = {key: value for key, value in lines.items() if key != name}


def _meaning(document: Document, kind: FileKind) -> Meaning:
    found = interpret(document, kind).profiles
    return {
        name: _plain({key: entry.value for key, entry in settings.items()})
        for name, settings in found.items()
    }


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    return {k: dict(v) if isinstance(v, Mapping) else v for k, v in values.items()}


if __name__ == "__main__":
    atheris.Setup(sys.argv, main)
    atheris.Fuzz()
