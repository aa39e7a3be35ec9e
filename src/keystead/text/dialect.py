"""What the sections and settings of a shared file mean, by the rules that the AWS SDKs share.

The grammar of lines is settled before (`keystead.text.document`); here names get their meaning:
which sections are profiles in which of the two files, which names are valid, what happens to
what stands twice, and how both files become one. What the rules skip is told as a `Warning`
value, never dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from keystead.errors import Origin
from keystead.model.rules import IDENTIFIER, is_identifier
from keystead.text.document import Document
from keystead.text.pieces import Property, Section, Values

DEFAULT = "default"
_BLANKS = re.compile(r"[ \t]+")
_QUOTED = re.compile(r"""(["'])([A-Za-z0-9_\-/.%@:+ \t]+)\1""")
# It does not show the name, which may be a secret that a mistyped line has before its `=`.
_BAD_NAME = "the name of a setting is not valid; the setting is skipped"


class FileKind(Enum):
    """Which of the two shared files a document is."""

    CONFIG = "config"
    CREDENTIALS = "credentials"


# The titles of profiles, as nearly all are written.
_USUAL = {
    FileKind.CONFIG: re.compile(rf"profile ({IDENTIFIER.pattern})"),
    FileKind.CREDENTIALS: re.compile(rf"({IDENTIFIER.pattern})"),
}


class Warning(NamedTuple):  # noqa: A001  # the rule book's and the contract's word
    """Something that the rules skip or decide: file, line and what was done."""

    where: Origin
    message: str


class Entry(NamedTuple):
    """The value of one setting, text or a nested block, and where it stands."""

    value: str | Mapping[str, str]
    where: Origin


Settings = dict[str, Entry]


class Header(NamedTuple):
    """What a section's title says: ``kind`` (None: it means nothing) and name.

    ``bare`` marks ``[default]`` of the config file, which ``[profile default]`` replaces.
    ``note`` is why it is skipped or what is odd about it.
    """

    kind: str | None
    name: str
    bare: bool = False
    note: str | None = None


@dataclass
class Reading:
    """What one file, or both merged, mean."""

    profiles: dict[str, Settings] = field(default_factory=dict)
    sso_sessions: dict[str, Settings] = field(default_factory=dict)
    services: dict[str, Settings] = field(default_factory=dict)
    warnings: list[Warning] = field(default_factory=list)

    def of_kind(self, kind: str) -> dict[str, Settings]:
        """The sections of one kind by name."""
        by_kind = {
            "profile": self.profiles,
            "sso-session": self.sso_sessions,
            "services": self.services,
        }
        return by_kind[kind]


def read_header(title: str, kind: FileKind) -> Header:
    """What a section title means in a file of that kind."""
    usual = _USUAL[kind].fullmatch(title)
    if usual:
        return Header("profile", usual[1])
    prefix, *rest = _BLANKS.split(title, 1)
    name, quoted = _unquote(rest[0] if rest else "")
    if kind is FileKind.CREDENTIALS:
        return _credentials_header(title, prefix, name)
    if prefix in ("profile", "sso-session", "services"):
        if not name:
            return Header(None, title, note=f"`[{prefix}]` has no name and is skipped")
        if not is_identifier(name) and not quoted:
            return Header(None, name, note=f"`{name}` is no valid name; its section is skipped")
        note = f"not all tools read the quoted name `{name}`" if quoted else None
        return Header(prefix, name, note=note)
    if rest:
        return Header(None, title)  # another kind of section; it means nothing here
    if title == DEFAULT:
        return Header("profile", DEFAULT, bare=True)
    fitting = f": here it is `[profile {title}]`" if is_identifier(title) else ""
    return Header(None, title, note=f"`[{title}]` is skipped in this file{fitting}")


def _credentials_header(title: str, prefix: str, name: str) -> Header:
    whole, quoted = _unquote(title)  # blanks inside the quotes are part of the name
    if quoted:
        return Header("profile", whole, note=f"not all tools read the quoted name `{whole}`")
    if prefix in ("profile", "sso-session") and name:
        fitting = f": here it is `[{name}]`" if prefix == "profile" and is_identifier(name) else ""
        return Header(None, title, note=f"`[{title}]` is skipped in this file{fitting}")
    if not is_identifier(title):
        return Header(None, title, note=f"`{title}` is no valid name; its section is skipped")
    return Header("profile", title)


def _unquote(name: str) -> tuple[str, bool]:
    """The name without quotes and whether it had any; only blanks may need them."""
    found = _QUOTED.fullmatch(name)
    return (found[2], True) if found else (name, False)


def interpret(document: Document, kind: FileKind) -> Reading:
    """What the file says on its own. Raises `DocumentError` for the first broken line."""
    reading = Reading()
    if document.has_bom:
        where = Origin(document.file, 1)
        reading.warnings.append(Warning(where, "a byte-order mark is skipped"))
    headers = [(read_header(section.title, kind), section) for section in document.sections]
    prefixed_default = any(
        header.kind == "profile" and header.name == DEFAULT and not header.bare
        for header, _ in headers
    )
    hides_bare = prefixed_default and kind is FileKind.CONFIG
    for header, section in headers:
        if header.note:
            _warn(reading, document, section, header.note)
        hidden = header.bare and hides_bare
        if hidden:
            note = "`[default]` is skipped: `[profile default]` replaces it"
            _warn(reading, document, section, note)
        if header.kind is None or hidden:
            document.properties(section)  # what is skipped may not be broken either
            continue
        sections = reading.of_kind(header.kind)
        settings = sections.get(header.name)
        if settings is None:
            settings = sections[header.name] = {}
        else:
            _warn(
                reading, document, section, f"section `{header.name}` stands twice; both are merged"
            )
        reading.warnings += collect(document, section, settings)
    return reading


def _warn(reading: Reading, document: Document, section: Section, message: str) -> None:
    reading.warnings.append(Warning(Origin(document.file, document.line(section.start)), message))


def collect(document: Document, section: Section, settings: Settings) -> list[Warning]:
    """Adds what one section sets to ``settings``, the last value winning; tells what it skips."""
    plain = document.plain_settings(section)
    if plain is None:
        return _collect(document, section, settings)
    warnings: list[Warning] = []
    for key, value, at in plain:  # a plain name is a valid one in lower case
        where = Origin(document.file, document.line(at))
        if key in settings:
            _twice(warnings, where, key)
        settings[key] = Entry(value, where)
    return warnings


def section_values(document: Document, section: Section) -> Values:
    """What one section sets, for readers that want no places and no warnings."""
    plain = document.plain_settings(section)
    if plain is not None:
        return {key: value for key, value, _ in plain}
    settings: Settings = {}
    _collect(document, section, settings)
    return {key: entry.value for key, entry in settings.items()}


def profiles(document: Document, kind: FileKind, only: str | None = None) -> dict[str, Values]:
    """The profiles as `interpret` has them, for readers that want no places and no warnings.

    ``only`` is the name of the one that counts: others are left out as far as that saves work.
    """
    found: dict[str, Values] = {}
    hidden: Values = {}  # what `[default]` of the config file sets
    prefixed = False
    usual = _USUAL[kind].fullmatch
    for title, content in document.outline(only):
        values = section_values(document, content) if isinstance(content, Section) else content
        match = usual(title)  # what `read_header` does first, without what a call of it costs
        if match:
            name, bare = match[1], False
        else:
            what, name, bare, _ = read_header(title, kind)
            if what != "profile":
                continue
        if bare:
            hidden.update(values)
            values = {}
        elif name == DEFAULT and not prefixed:
            prefixed = True
            found.pop(DEFAULT, None)  # the place of `[default]` counts as little as what it sets
        if name in found:
            found[name].update(values)
        else:
            found[name] = values
    if not prefixed and DEFAULT in found:
        found[DEFAULT] = hidden
    return found


def _collect(document: Document, section: Section, settings: Settings) -> list[Warning]:
    """`collect` for lines of all shapes."""
    warnings: list[Warning] = []
    for item in document.properties(section):
        where = Origin(document.file, document.line(item.span.start))
        if not is_identifier(item.name):
            warnings.append(Warning(where, _BAD_NAME))
            continue
        key = item.name.lower()
        if key in settings:
            _twice(warnings, where, key)
        settings[key] = Entry(_value(document, item, warnings), where)
    return warnings


def _twice(warnings: list[Warning], where: Origin, key: str) -> None:
    warnings.append(Warning(where, f"`{key}` stands twice; the last one counts"))


def _value(document: Document, item: Property, warnings: list[Warning]) -> str | Mapping[str, str]:
    if not item.nested:
        return item.value
    block: dict[str, str] = {}
    for entry in item.nested:
        where = Origin(document.file, document.line(entry.span.start))
        if not is_identifier(entry.name):
            warnings.append(Warning(where, _BAD_NAME))
            continue
        name = entry.name.lower()
        if name in block:
            note = f"`{name}` stands twice in `{item.name}`; the last one counts"
            warnings.append(Warning(where, note))
        block[name] = entry.value
    return block


def merge(config: Reading, credentials: Reading) -> Reading:
    """Both files as one: settings united, those of the credentials file winning."""
    merged = Reading(
        {name: dict(settings) for name, settings in config.profiles.items()},
        config.sso_sessions,
        config.services,
        [*config.warnings, *credentials.warnings],
    )
    for name, settings in credentials.profiles.items():
        known = merged.profiles.setdefault(name, {})
        for key, entry in settings.items():
            if key in known and known[key].value != entry.value:
                note = (
                    f"`{key}` of profile `{name}` differs from {known[key].where}; this one counts"
                )
                merged.warnings.append(Warning(entry.where, note))
            known[key] = entry
    return merged
