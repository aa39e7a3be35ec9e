"""Rules on sections: their names, what stands in and behind their brackets, twice or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keystead.lint.finding import Finding
from keystead.lint.view import Block, View
from keystead.model.validation import is_identifier
from keystead.near import near_names
from keystead.text.dialect import DEFAULT, OF_THE_CLI, FileKind
from keystead.text.pieces import Section, Span

_KINDS = ("profile", "sso-session", "services")
_ALIKE = 0.8
_QUOTED = re.compile(r"""(?:^|[ \t])(["']).*\1$""")
_BLANKS = re.compile(r"[ \t]+")


def names(view: View) -> Iterator[Finding]:
    """Headers that are skipped or misread for their name."""
    for block in view.headers():
        title, at = block.section.title, block.section.start
        if title == DEFAULT.upper():
            message = f"to some readers `[{title}]` is no section of its own"
            fix = f"write `[{DEFAULT}]`, or give the profile another name"
            yield view.found("default-section", at, message, fix, block)
        elif block.header.kind is None or _is_session(view, title):
            yield from _skipped(view, block)
        elif block.header.note:
            name = block.header.name
            quoted = _QUOTED.search(title) is not None
            rule = "quoted-name" if quoted else "invalid-name"
            message = f"not all readers find the {'quoted ' if quoted else ''}name `{name}`"
            fix = f"write `[{_title(view, block.header.kind, _slug(name))}]`"
            yield view.found(rule, at, message, fix, block)


def _is_session(view: View, title: str) -> bool:
    return view.kind is FileKind.CREDENTIALS and _BLANKS.split(title, 1)[0] == _KINDS[1]


def _skipped(view: View, block: Block) -> Iterator[Finding]:
    title, at = block.section.title, block.section.start
    prefix, *rest = _BLANKS.split(title, 1)
    name = rest[0] if rest else ""
    if view.kind is FileKind.CREDENTIALS and name and prefix in _KINDS[:2]:
        message = f"`[{title}]` is skipped in a credentials file"
        if _is_session(view, title):
            message = (
                f"`[{title}]` of a credentials file is a profile of that whole name, or nothing"
            )
        known = prefix == "profile" and is_identifier(name)
        fix = f"write `[{name}]`" if known else "move the section to the config file"
        yield view.found("prefix-in-credentials", at, message, fix)
    elif view.kind is FileKind.CREDENTIALS or prefix in _KINDS:
        message = f"`[{title}]` is skipped, as `{name or title}` is not a valid name"
        fix = "use letters, digits and _ - / . % @ : + for the name"
        if block.header.note and ".NET" in block.header.note:
            message = block.header.note
        yield view.found("invalid-name", at, message, fix)
    elif name:
        alike = near_names(prefix, _KINDS, likeness=_ALIKE)
        if alike:
            message = f"`[{title}]` means nothing, and is much like `[{alike[0]} {name}]`"
            fix = f"write `[{alike[0]} {name}]` if that was meant"
            yield view.found("section-kind", at, message, fix)
    elif title not in OF_THE_CLI:
        message = f"`[{title}]` is skipped in a config file"
        fix = f"write `[profile {_slug(title) or 'NAME'}]`"
        yield view.found("bare-section", at, message, fix)


def _slug(name: str) -> str:
    """A valid name that is like ``name``."""
    return re.sub(r"[^A-Za-z0-9_\-/.%@:+]+", "-", name).strip("-")


def _title(view: View, kind: str, name: str) -> str:
    return name if view.kind is FileKind.CREDENTIALS else f"{kind} {name}"


def blanks(view: View) -> Iterator[Finding]:
    """Blanks within the brackets that are one too many."""
    for block in view.headers():
        inside, _, _ = _parts(view, block.section)
        title = block.section.title
        usual = " ".join(_BLANKS.split(title)) if block.header.kind else title
        if block.header.note:  # a name in quotes may have blanks of its own
            usual = " ".join(_BLANKS.split(title, 1))
        if inside != usual:
            message = f"there are blanks too many in the header of `{block.header.name}`"
            yield view.found("header-blanks", block.section.start, message, f"write `[{usual}]`")


def comments(view: View) -> Iterator[Finding]:
    """Comments behind headers."""
    for block in view.headers():
        _, behind, comment = _parts(view, block.section)
        if comment:
            touches = "" if behind else ", touching its bracket"
            message = f"a comment stands behind the header `[{block.section.title}]`{touches}"
            fix = "put the comment on a line of its own"
            yield view.found("header-comment", block.section.start, message, fix, block)


def _parts(view: View, section: Section) -> tuple[str, str, str]:
    """The inside of the brackets, the blanks behind them, and the comment there."""
    content = view.rest(Span(section.start, section.below), section.start + 1)
    inside, _, rest = content.partition("]")
    comment = rest.lstrip(" \t")
    return inside, rest[: len(rest) - len(comment)], comment


def repeated(view: View) -> Iterator[Finding]:
    """Sections that stand twice."""
    first: dict[tuple[str | None, str, bool], int] = {}
    prefixed = any(
        (block.header.kind, block.header.name, block.header.bare) == ("profile", DEFAULT, False)
        for block in view.blocks
    )
    for block in view.headers():
        header, at = block.header, block.section.start
        name = header.name if header.kind else block.section.title
        place = first.setdefault((header.kind, name, header.bare), at)
        if place != at:
            line = view.line(place)
            message = f"the section of line {line}, `[{block.section.title}]`, stands here again"
            fix = f"move its settings to line {line}"
            yield view.found("duplicate-section", at, message, fix, block)
        elif header.bare and prefixed:
            message = (
                f"the same file has `[profile {DEFAULT}]`, and the AWS CLI takes the last of the "
                "two, the .NET SDK this one, other SDKs the other"
            )
            fix = "put the settings of both below one header"
            yield view.found("two-defaults", at, message, fix, block)


def empty(view: View) -> Iterator[Finding]:
    """Sections without settings."""
    document = view.document
    for block in view.headers():
        lines = document.lines(block.section.body)
        if block.header.kind and all(map(_says_nothing, map(document.content, lines))):
            message = f"`[{block.section.title}]` has no settings"
            fix = "give it one, such as `region`, or take it out"
            yield view.found("empty-section", block.section.start, message, fix, block)


def _says_nothing(line: str) -> bool:
    return line.startswith(("#", ";")) or not line.strip(" \t")
