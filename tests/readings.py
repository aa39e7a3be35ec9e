"""All readers of a shared file, compared with the line-by-line one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from keystead.errors import DocumentError, Origin
from keystead.stores.shared_file import SharedFile
from keystead.text.dialect import FileKind, Reading, Settings, interpret, profiles
from keystead.text.document import Document, Grammar, Section


class LineByLine(Document):
    """A file without any line that the fast path recognises."""

    def plain_settings(self, section: Section) -> None:
        return None

    def outline(self, name: str | None = None) -> Iterator[tuple[str, int, None]]:
        for section in self.sections if name is None else self.naming(name):
            yield section.title, section.start, None


def opened(data: bytes, grammar: Grammar = Grammar.STRICT) -> Document:
    """The file, not read yet."""
    return Document(data, "file", grammar=grammar)


def assert_tolerant_ways_agree(data: bytes, kind: FileKind) -> None:
    """The same in the tolerant grammar, where a broken line affects only the profile it is in.

    A file that the strict grammar accepts has the same sections, and no broken line in it but
    indented headers.
    """
    tolerant = Grammar.TOLERANT
    try:
        reading = interpret(LineByLine(data, "file", grammar=tolerant), kind)
    except DocumentError:  # UTF-16
        with pytest.raises(DocumentError):
            profiles(opened(data, tolerant), kind)
        return
    quick = interpret(opened(data, tolerant), kind)
    assert _whole(reading) == _whole(quick)
    broken: dict[str, DocumentError] = {}
    found = profiles(opened(data, tolerant), kind, broken=broken)
    assert _in_order(_plain(reading)) == _in_order(found)
    assert _places(reading.broken) == _places(quick.broken) == _places(broken)
    for name, values in found.items():
        file = SharedFile(Path("file"), kind, opened(data, tolerant), None)
        assert _in_order({name: values}) == _in_order({name: file.values(name) or {}})
        assert _placed(file.settings(name)) == _placed(reading.profiles[name])
    for name in broken:
        with pytest.raises(DocumentError):
            SharedFile(Path("file"), kind, opened(data, tolerant), None).values(name)
    assert opened(data, tolerant).splice([]).data == data
    if opened(data).is_strict():
        document = opened(data, tolerant)
        document.check()
        assert all(document.text[at:].lstrip(" \t").startswith("[") for at in document.broken)
        assert document.sections == opened(data).sections


def _placed(settings: Settings) -> dict[str, tuple[object, Origin]]:
    return {key: (entry.value, entry.where) for key, entry in settings.items()}


def _whole(reading: Reading) -> object:
    kinds = (reading.profiles, reading.sso_sessions, reading.services)
    placed = [{name: _placed(found) for name, found in kind.items()} for kind in kinds]
    return placed, reading.warnings


def _places(broken: Mapping[str, DocumentError]) -> dict[str, Origin | None]:
    return {name: error.where for name, error in broken.items()}


def _plain(reading: Reading) -> dict[str, dict[str, object]]:
    return {
        name: {key: entry.value for key, entry in settings.items()}
        for name, settings in reading.profiles.items()
    }


def assert_ways_agree(data: bytes, kind: FileKind) -> None:
    """Each reader gives the same settings in the same order, or the same first broken line."""
    assert_tolerant_ways_agree(data, kind)
    try:
        reading = interpret(LineByLine(data, "file"), kind)
    except DocumentError as error:
        ways: tuple[Callable[[Document], object], ...] = (
            lambda document: interpret(document, kind),
            lambda document: profiles(document, kind),
            Document.check,
        )
        for read in ways:
            with pytest.raises(DocumentError) as caught:
                read(opened(data))
            assert caught.value.where == error.where
        return
    opened(data).check()
    assert _whole(reading) == _whole(interpret(opened(data), kind))
    expected = _plain(reading)
    found = profiles(opened(data), kind)
    assert _in_order(expected) == _in_order(found)
    for name, settings in reading.profiles.items():
        file = SharedFile(Path("file"), kind, opened(data), None)
        assert _in_order({name: expected[name]}) == _in_order({name: file.values(name) or {}})
        assert _placed(file.settings(name)) == _placed(settings)
    assert SharedFile(Path("file"), kind, opened(data), None).values("not there") is None


def _in_order(found: Mapping[str, Mapping[str, object]]) -> list[tuple[str, object]]:
    return [(name, list(settings.items())) for name, settings in found.items()]
