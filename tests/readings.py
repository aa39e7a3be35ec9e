"""All ways of reading a shared file, held against the one that goes line by line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from keystead.errors import DocumentError
from keystead.stores.sharedfile import SharedFile
from keystead.text.dialect import FileKind, interpret, profiles
from keystead.text.document import Document, Section


class LineByLine(Document):
    """A file of which no line is taken for one of the usual shape."""

    def plain_settings(self, section: Section) -> None:
        return None


def opened(data: bytes) -> Document:
    """The file as nobody has read it yet."""
    return Document(data, "file")


def assert_ways_agree(data: bytes, kind: FileKind) -> None:
    """Each way gives the same settings in the same order, or the same first broken line."""
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
    assert reading == interpret(opened(data), kind)
    expected = {
        name: {key: entry.value for key, entry in settings.items()}
        for name, settings in reading.profiles.items()
    }
    found = profiles(opened(data), kind)
    assert _in_order(expected) == _in_order(found)
    for name, settings in reading.profiles.items():
        file = SharedFile(Path("file"), kind, opened(data), None)
        assert _in_order({name: expected[name]}) == _in_order({name: file.values(name) or {}})
        assert file.settings(name) == settings
    assert SharedFile(Path("file"), kind, opened(data), None).values("not there") is None


def _in_order(found: Mapping[str, Mapping[str, object]]) -> list[tuple[str, object]]:
    return [(name, list(settings.items())) for name, settings in found.items()]
