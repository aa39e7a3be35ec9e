"""From the bytes of both files to what is wrong with them; a new rule is one of `CHECKS`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from keystead.errors import Origin
from keystead.lint.finding import Finding, in_order
from keystead.lint.profiles import lint_profiles
from keystead.lint.rules import headers, lines, settings
from keystead.lint.subject import Shared
from keystead.lint.table import finding
from keystead.lint.view import View
from keystead.model.profile import Profile
from keystead.text.dialect import FileKind, Reading, Settings, interpret, merge
from keystead.text.document import Document, Grammar
from keystead.text.encoding import other_encoding

_AS_UTF8 = "save the file as UTF-8 without a byte-order mark"

CHECKS: tuple[Callable[[View], Iterator[Finding]], ...] = (
    lines.mark,
    lines.broken,
    lines.carriage_returns,
    lines.access,
    headers.names,
    headers.blanks,
    headers.comments,
    headers.repeated,
    headers.empty,
    settings.colons,
    settings.keys,
    settings.repeated,
    settings.values,
    settings.continued,
)
"""Each yields the findings of one or a few rows of `RULES`."""


class Given(NamedTuple):
    """A file as it was found: ``open`` says whether other users may read or write it.

    ``days`` is how long ago it was last written.
    """

    kind: FileKind
    file: str
    data: bytes
    open: bool
    days: int = 0


def lint(
    files: Iterable[Given], elsewhere: Collection[str] = (), environment_key: str | None = None
) -> list[Finding]:
    """What the rules find in the files, by file and line.

    ``elsewhere`` are the names of profiles that another store has, ``environment_key`` is the
    access key id in the environment. No broken line, and no byte
    that is not UTF-8, hides what stands elsewhere.
    """
    found: list[Finding] = []
    readings = {kind: Reading() for kind in FileKind}
    days: dict[str, int] = {}
    for given in files:
        days[given.file] = given.days
        found += _encoding(given)
        view = View.of(_text(given), given.kind, given.file, is_open=given.open)
        for check in CHECKS:
            found += check(view)
        readings[given.kind] = _reading(view)
    shared = _shared(readings, elsewhere)
    found += lint_profiles(shared._replace(days=days, environment_key=environment_key))
    return in_order(found)


def _reading(view: View) -> Reading:
    """What the file says to keystead; a profile with a broken line as far as it can be read."""
    tolerant = Document(view.document.data, view.document.file, grammar=Grammar.TOLERANT)
    reading = interpret(tolerant, view.kind)
    whole = interpret(view.document, view.kind)
    for name in reading.broken:
        reading.profiles[name] = whole.profiles.get(name, {})
    return replace(reading, broken={})


def _text(given: Given) -> str:
    return "" if other_encoding(given.data) else given.data.decode("utf-8", "replace")


def _encoding(given: Given) -> Iterator[Finding]:
    encoding = other_encoding(given.data)
    if encoding:
        where, message = Origin(given.file, 1), f"the file is {encoding}"
        yield finding("not-utf8", where, message, fix=_AS_UTF8)
        return
    for number, line in enumerate(given.data.split(b"\n"), 1):
        try:
            line.decode()
        except UnicodeDecodeError:
            where, message = Origin(given.file, number), "a byte of this line is not UTF-8"
            yield finding("not-utf8", where, message, fix=_AS_UTF8)


def _shared(readings: Mapping[FileKind, Reading], elsewhere: Collection[str]) -> Shared:
    config, credentials = readings[FileKind.CONFIG], readings[FileKind.CREDENTIALS]
    merged = merge(config, credentials)
    return Shared(
        _profiles(config.profiles),
        _profiles(credentials.profiles),
        _profiles(merged.profiles),
        _profiles(merged.sso_sessions),
        set(merged.services),
        elsewhere,
    )


def _profiles(sections: Mapping[str, Settings]) -> dict[str, Profile]:
    return {
        name: Profile(
            name,
            {key: entry.value for key, entry in entries.items()},
            origins={key: entry.where for key, entry in entries.items()},
        )
        for name, entries in sections.items()
    }
