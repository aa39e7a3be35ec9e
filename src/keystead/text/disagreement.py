"""Where one file has several keys for one profile, and readers use different ones.

Other readers differ from `keystead.text.dialect`: the .NET SDK uses the first of duplicate
sections, and `[default]` rather than `[profile default]`; botocore adds `[DEFAULT]` to every
section; both read a comment after a value as part of it, and .NET reads an indented `name = value`
as a setting. Only settings that decide a profile's credentials are compared; `keystead lint`
reports the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from keystead.errors import Origin
from keystead.model.settings import DECIDING
from keystead.text.dialect import (
    DEFAULT,
    FileKind,
    Header,
    Notice,
    read_header,
    section_values,
)
from keystead.text.document import Document
from keystead.text.pieces import Property, Section, Values

_LEAKING = DEFAULT.upper()

Part = tuple[Header, Section]


def disagreements(document: Document, kind: FileKind, name: str) -> list[Notice]:
    """How other readers read the profile ``name`` in this file, each with its line."""
    headers = ((read_header(s.title, kind, document.grammar), s) for s in document.naming(name))
    parts = [(h, s) for h, s in headers if (h.kind, h.name) == ("profile", name)]
    return [
        *_doubled(document, parts),
        *(found for _, section in parts for found in _lines(document, kind, section)),
        *(_leaks(document, parts) if parts else ()),
    ]


def _doubled(document: Document, parts: list[Part]) -> Iterator[Notice]:
    """Sections of one name: the .NET SDK uses the first, botocore the last or none."""
    if len(parts) < 2:  # noqa: PLR2004  # a single section is not ambiguous
        return
    bare = [part for part in parts if part[0].bare]
    first = (bare or parts)[0][1]
    last = parts[-1][1]
    other = parts[0][1] if first is last else last
    theirs, ours = (_keys(document, [section]) for section in (first, other))
    if all(theirs.get(key) == value for key, value in ours.items()):
        return
    line = document.line(first.start)
    titles = {section.title for _, section in parts}
    other_titles = len(titles) == len(parts)
    others = "the AWS CLI the last one" if other_titles else "the AWS CLI refuses the file"
    message = (
        f"`[{other.title}]` sets other keys than `[{first.title}]` of line {line}: the .NET SDK "
        f"takes those of line {line}, {others}"
    )
    yield Notice(Origin(document.file, document.line(other.start)), message)


def _keys(document: Document, sections: list[Section]) -> Values:
    found: Values = {}
    for section in sections:
        found |= section_values(document, section)
    return {key: value for key, value in found.items() if key in DECIDING and value}


def _lines(document: Document, kind: FileKind, section: Section) -> Iterator[Notice]:
    """Comments that others read as part of a value, continuation lines they read as settings."""
    for item in document.properties(section):
        key = item.name.lower()
        where = Origin(document.file, document.line(item.span.start))
        behind = document.content(item.span)[item.value_span.end - item.span.start :]
        if key in DECIDING and item.value and behind.strip():
            message = f"the AWS CLI and the .NET SDK take the comment as a part of `{key}`"
            yield Notice(where, message)
        yield from _indented(document, kind, item)


def _indented(document: Document, kind: FileKind, item: Property) -> Iterator[Notice]:
    if kind is FileKind.CONFIG and not item.value:
        return  # a nested block, for the .NET SDK too
    for span in item.more:
        name, equals, _ = document.content(span).partition("=")
        if equals and name.strip().lower() in DECIDING:
            where = Origin(document.file, document.line(span.start))
            message = (
                f"the .NET SDK takes this line as the setting `{name.strip().lower()}`, others as "
                f"more of `{item.name.lower()}`"
            )
            yield Notice(where, message)


def _leaks(document: Document, parts: list[Part]) -> Iterator[Notice]:
    """Keys of `[DEFAULT]` that the profile does not set itself."""
    own: Mapping[str, object] = _keys(document, [section for _, section in parts])
    for section in document.naming(_LEAKING):
        if section.title != _LEAKING or parts[0][1].title == _LEAKING:
            continue
        leaking = [key for key in _keys(document, [section]) if key not in own]
        if leaking:
            where = Origin(document.file, document.line(section.start))
            message = f"to the AWS CLI `{leaking[0]}` of `[{_LEAKING}]` is in every profile"
            yield Notice(where, message)
