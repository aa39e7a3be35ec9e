"""What the sections and settings of a shared file mean, by the rules that the AWS SDKs share.

`keystead.text.document` parses lines; this module decides which sections are profiles in which
file, which names are valid, how duplicates are resolved, and how both files are merged. Everything
that is skipped is reported as a `Notice`.

The document's grammar selects the rules. The strict rules are exactly those of the SDKs. The
tolerant rules follow botocore and the .NET SDK where these two agree on something else: the names
of sections, and that the last of `[default]` and `[profile default]` is used. They also skip a
section with a broken line and every other section of that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

from keystead.errors import DocumentError, Origin
from keystead.model.validation import IDENTIFIER, is_identifier, is_readable_name
from keystead.text.document import Document, Grammar
from keystead.text.pieces import PlainSettings, Property, Section, Values
from keystead.value import NamedTuple, Value, field

DEFAULT = "default"
OF_THE_CLI = ("plugins", "preview")
"""Sections of a config file that the AWS CLI reads, without any prefix."""
_BARE = "[default]"  # not a valid profile name, because of the brackets
_BLANKS = r"[ \t]+"
_QUOTED = r"""(["'])([A-Za-z0-9_\-/.%@:+ \t]+)\1"""
# What botocore's `shlex` unquotes; the other kind of quote may be inside.
_SHELL_QUOTED = r"""(?:"([^"\\$`\[\]]+)"|'([^'\[\]]+)')"""
_SPLIT_BY_SHELL = r"""[\s"'\\]"""
# Without the name: on a mistyped line it may be a secret.
_BAD_NAME = "the name of a setting is not valid; the setting is skipped"


class FileKind(Enum):
    """Which of the two shared files a document is."""

    CONFIG = "config"
    CREDENTIALS = "credentials"


# The usual spelling of profile titles.
_USUAL = {
    FileKind.CONFIG: re.compile(rf"profile ({IDENTIFIER})"),
    FileKind.CREDENTIALS: re.compile(rf"({IDENTIFIER})"),
}


class Notice(NamedTuple):
    """Something that was skipped or decided: file, line and what was done."""

    where: Origin
    message: str


class Entry(NamedTuple):
    """The value of one setting (text or a nested block), and its position in a document."""

    value: str | Mapping[str, str]
    document: Document
    at: int

    @property
    def where(self) -> Origin:
        """The file and line."""
        return _at(self.document, self.at)


def _at(document: Document, position: int) -> Origin:
    return Origin(document.file, document.line(position))


Settings = dict[str, Entry]


class Origins(Mapping[str, Origin]):
    """The origin of each of these settings, computed when it is read."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __getitem__(self, key: str) -> Origin:
        return self.settings[key].where

    def __contains__(self, key: object) -> bool:
        return key in self.settings

    def __iter__(self) -> Iterator[str]:
        return iter(self.settings)

    def __len__(self) -> int:
        return len(self.settings)


class Header(NamedTuple):
    """A parsed section title; ``kind`` is what it is, such as ``profile``; None if skipped.

    ``bare`` marks ``[default]`` of the config file, which ``[profile default]`` replaces.
    ``note`` says why it is skipped or which tools do not read it.
    """

    kind: str | None
    name: str
    bare: bool = False
    note: str | None = None


class Reading(Value):
    """The interpretation of one file, or of both merged."""

    profiles: dict[str, Settings] = field(default_factory=dict)
    sso_sessions: dict[str, Settings] = field(default_factory=dict)
    services: dict[str, Settings] = field(default_factory=dict)
    warnings: list[Notice] = field(default_factory=list)
    broken: dict[str, DocumentError] = field(default_factory=dict)
    """Profiles skipped because of a broken line in one of their sections, with that line."""

    def of_kind(self, kind: str) -> dict[str, Settings]:
        """The sections of one kind by name."""
        by_kind = {
            "profile": self.profiles,
            "sso-session": self.sso_sessions,
            "services": self.services,
        }
        return by_kind[kind]


def read_header(title: str, kind: FileKind, grammar: Grammar = Grammar.STRICT) -> Header:
    """Parse a section title of a file of that kind."""
    usual = _USUAL[kind].fullmatch(title)
    if usual:
        return Header("profile", usual[1], False, None)  # all fields, which is fast
    prefix, *rest = re.split(_BLANKS, title, maxsplit=1)
    tolerant = grammar is Grammar.TOLERANT
    if kind is FileKind.CREDENTIALS:
        if tolerant and prefix != "profile" and is_readable_name(title):
            return Header("profile", title, note=f"not all SDKs read the name `{title}`")
        return _credentials_header(title, prefix, _unquote(rest[0] if rest else "")[0])
    if prefix in ("profile", "sso-session", "services"):
        return _prefixed_header(title, prefix, rest[0] if rest else "", tolerant=tolerant)
    if rest:
        return Header(None, title)  # another kind of section, ignored here
    if title == DEFAULT:
        return Header("profile", DEFAULT, bare=True)
    fitting = f": here it is `[profile {title}]`" if is_identifier(title) else ""
    return Header(None, title, note=f"`[{title}]` is skipped in this file{fitting}")


def _prefixed_header(title: str, prefix: str, rest: str, *, tolerant: bool) -> Header:
    name, quoted = _unquote_as_shell(rest) if tolerant else _unquote(rest)
    if not name:
        return Header(None, title, note=f"`[{prefix}]` has no name and is skipped")
    if quoted:
        return Header(prefix, name, note=f"not all tools read the quoted name `{name}`")
    if is_identifier(name):
        return Header(prefix, name)
    if not (tolerant and is_readable_name(name)):
        return Header(None, name, note=f"`{name}` is not a valid name; its section is skipped")
    if re.search(_SPLIT_BY_SHELL, name):
        note = f"`[{title}]` is skipped: the .NET SDK reads it, the AWS CLI does not"
        return Header(None, name, note=note)
    return Header(prefix, name, note=f"not all SDKs read the name `{name}`")


def _credentials_header(title: str, prefix: str, name: str) -> Header:
    whole, quoted = _unquote(title)  # blanks inside the quotes are part of the name
    if quoted:
        return Header("profile", whole, note=f"not all tools read the quoted name `{whole}`")
    if prefix in ("profile", "sso-session") and name:
        fitting = f": here it is `[{name}]`" if prefix == "profile" and is_identifier(name) else ""
        return Header(None, title, note=f"`[{title}]` is skipped in this file{fitting}")
    if not is_identifier(title):
        return Header(None, title, note=f"`{title}` is not a valid name; its section is skipped")
    return Header("profile", title)


def _unquote(name: str) -> tuple[str, bool]:
    """The name without quotes and whether it had any; only names with blanks may have them."""
    found = re.fullmatch(_QUOTED, name)
    return (found[2], True) if found else (name, False)


def _unquote_as_shell(name: str) -> tuple[str, bool]:
    """As `_unquote` in the tolerant grammar, where any name may be quoted."""
    found = re.fullmatch(_SHELL_QUOTED, name)
    inside = (found[1] or found[2]) if found else ""
    return (inside, True) if is_readable_name(inside) else (name, False)


def profile_title(name: str, kind: FileKind) -> str:
    """The section title of the profile ``name``, quoted where botocore requires it."""
    if kind is FileKind.CREDENTIALS or name == DEFAULT:
        return name
    return section_title("profile", name)


def section_title(kind: str, name: str) -> str:
    """The title of a section of the config file, such as ``sso-session corp``."""
    if not re.search(_SPLIT_BY_SHELL, name):
        return f"{kind} {name}"
    return f"{kind} '{name}'" if '"' in name else f'{kind} "{name}"'


def read_alike(name: str, kind: FileKind) -> bool:
    """Whether botocore and the .NET SDK both find the profile ``name`` in a file of that kind."""
    return kind is FileKind.CREDENTIALS or re.search(_SPLIT_BY_SHELL, name) is None


class Skipped(NamedTuple):
    """A section that keystead ignores: its title, its position and the reason."""

    title: str
    where: Origin
    why: str


def skipped(document: Document, kind: FileKind, name: str | None = None) -> list[Skipped]:
    """The ignored sections that were probably meant as profiles; with ``name``, those that mention
    it. `interpret` warns of them with the same text.
    """
    sections = document.sections if name is None else document.naming(name)
    found: list[Skipped] = []
    for section in sections:
        header = read_header(section.title, kind, document.grammar)
        if header.kind is None and header.note and section.title not in OF_THE_CLI:
            where = _at(document, section.start)
            found.append(Skipped(section.title, where, header.note))
    return found


def hidden_default(headers: Iterable[Header], kind: FileKind, grammar: Grammar) -> bool | None:
    """Which `[default]` of a config file the other one hides: True for the bare one, None for
    neither.
    """
    forms = [h.bare for h in headers if h.kind == "profile" and h.name == DEFAULT]
    if kind is not FileKind.CONFIG or len(set(forms)) < 2:  # noqa: PLR2004  # two spellings
        return None
    return not forms[-1] if grammar is Grammar.TOLERANT else True


def interpret(document: Document, kind: FileKind) -> Reading:
    """Interpret one file without the other.

    Raises `DocumentError` for the first broken line; the tolerant grammar adds the affected
    profiles to `Reading.broken` instead.
    """
    reading = Reading()
    warnings = reading.warnings
    if document.has_bom:
        warnings.append(Notice(Origin(document.file, 1), "a byte-order mark is skipped"))
    outline = list(document.outline())
    headers = [read_header(title, kind, document.grammar) for title, _, _ in outline]
    loser = hidden_default(headers, kind, document.grammar)
    if document.grammar is Grammar.TOLERANT:
        warnings.extend(_broken(e, "the line is skipped") for e in document.broken_above())
    for header, (_, start, plain) in zip(headers, outline, strict=True):
        if plain is None and _is_broken(document, start, header, reading):
            continue
        if header.note:
            _warn(reading, document, start, header.note)
        hidden = header.name == DEFAULT and header.kind == "profile" and header.bare is loser
        if hidden:
            spelled, other = ("default", "profile default")[:: 1 if loser else -1]
            _warn(reading, document, start, f"`[{spelled}]` is skipped: `[{other}]` replaces it")
        if header.kind is None or hidden:
            continue
        sections = reading.of_kind(header.kind)
        settings = sections.get(header.name)
        if settings is None:
            settings = sections[header.name] = {}
        else:
            _warn(reading, document, start, f"section `{header.name}` is repeated; both are merged")
        warnings.extend(_collect(document, start, plain, settings))
    for name in reading.broken:
        reading.profiles.pop(name, None)
    return reading


def _is_broken(document: Document, start: int, header: Header, reading: Reading) -> bool:
    """Whether the tolerant grammar skips the section; if so, add that to ``reading``."""
    section = document.section_at(start)
    error = document.error_in(section)  # also checked for sections that are ignored
    if error is None or document.grammar is not Grammar.TOLERANT:
        return False
    reading.warnings.append(_broken(error, f"section `{section.title}` is skipped"))
    if header.kind == "profile":
        reading.broken.setdefault(header.name, error)
    return True


def _broken(error: DocumentError, what: str) -> Notice:
    return Notice(error.where or Origin(""), f"{error.message}; {what}")


def _warn(reading: Reading, document: Document, start: int, message: str) -> None:
    reading.warnings.append(Notice(_at(document, start), message))


def collect(document: Document, section: Section, settings: Settings) -> list[Notice]:
    """Add a section's settings to ``settings``, the last value winning; return what is skipped."""
    return _collect(document, section.start, document.plain_settings(section), settings)


def _collect(
    document: Document, start: int, plain: PlainSettings | None, settings: Settings
) -> list[Notice]:
    """`collect` for the section at ``start`` with its `Document.plain_settings`."""
    if plain is None:
        return _collect_odd(document, document.section_at(start), settings)
    warnings: list[Notice] = []
    for key, value, at in plain:  # a plain name is valid and in lower case
        if key in settings:
            _twice(warnings, _at(document, at), key)
        settings[key] = tuple.__new__(Entry, (value, document, at))
    return warnings


def section_values(document: Document, section: Section) -> Values:
    """The settings of one section without positions and warnings."""
    settings: Settings = {}
    collect(document, section, settings)
    return {key: entry.value for key, entry in settings.items()}


def profiles(  # noqa: C901  # one loop, for the sake of thousands of profiles
    document: Document,
    kind: FileKind,
    only: str | None = None,
    broken: dict[str, DocumentError] | None = None,
) -> dict[str, Values]:
    """The profiles of `interpret` without positions and warnings.

    With ``only``, other profiles may be left out. Profiles skipped because of a broken line are
    added to ``broken``; without it, the first error for the name ``only`` is raised as
    `DocumentError`.
    """
    found: dict[str, Values] = {}
    skipped: dict[str, DocumentError] = {}
    forms: list[Header] = []  # the two spellings of `default` in a config file
    usual = _USUAL[kind].fullmatch
    for title, start, plain in document.outline(only):
        error = document.error_in(document.section_at(start)) if plain is None else None
        match = usual(title)  # `read_header` inlined for speed
        if match:
            name, bare = match[1], False
        else:
            what, name, bare, _ = read_header(title, kind, document.grammar)
            if what != "profile":
                continue
        if error:
            skipped.setdefault(name, error)
            continue
        values: Values = (
            section_values(document, document.section_at(start))
            if plain is None
            else {key: value for key, value, _ in plain}
        )
        if name == DEFAULT:
            forms.append(Header("profile", name, bare))
            name = _BARE if bare else DEFAULT
        if name in found:
            found[name].update(values)
        else:
            found[name] = values
    if _BARE in found:
        found = _with_one_default(found, hidden_default(forms, kind, document.grammar))
    if broken is None and only in skipped:
        raise skipped[only]
    for name in skipped:
        found.pop(name, None)
    if broken is not None:
        broken.update(skipped)
    return found


def _with_one_default(found: dict[str, Values], hidden: bool | None) -> dict[str, Values]:
    """``found`` with the valid form of `[default]`; ``hidden`` is from `hidden_default`."""
    if hidden is not None:
        del found[_BARE if hidden else DEFAULT]
    return {DEFAULT if name == _BARE else name: values for name, values in found.items()}


def _collect_odd(document: Document, section: Section, settings: Settings) -> list[Notice]:
    """`collect` for lines of all shapes."""
    warnings: list[Notice] = []
    for item in document.properties(section):
        at = item.span.start
        if not is_identifier(item.name):
            warnings.append(Notice(_at(document, at), _BAD_NAME))
            continue
        key = item.name.lower()
        if key in settings:
            _twice(warnings, _at(document, at), key)
        settings[key] = Entry(_value(document, item, warnings), document, at)
    return warnings


def _twice(warnings: list[Notice], where: Origin, key: str) -> None:
    warnings.append(Notice(where, f"`{key}` is repeated; the last one is used"))


def _value(document: Document, item: Property, warnings: list[Notice]) -> str | Mapping[str, str]:
    if not item.nested:
        return item.value
    block: dict[str, str] = {}
    for entry in item.nested:
        where = _at(document, entry.span.start)
        if not is_identifier(entry.name):
            warnings.append(Notice(where, _BAD_NAME))
            continue
        name = entry.name.lower()
        if name in block:
            note = f"`{name}` is repeated in `{item.name}`; the last one is used"
            warnings.append(Notice(where, note))
        block[name] = entry.value
    return block


def merge(config: Reading, credentials: Reading) -> Reading:
    """Merge both files; settings of the credentials file take precedence."""
    merged = Reading(
        {name: dict(settings) for name, settings in config.profiles.items()},
        config.sso_sessions,
        config.services,
        [*config.warnings, *credentials.warnings],
        config.broken | credentials.broken,
    )
    for name in merged.broken:
        merged.profiles.pop(name, None)
    for name, settings in credentials.profiles.items():
        if name in merged.broken:
            continue
        known = merged.profiles.setdefault(name, {})
        for key, entry in settings.items():
            if key in known and known[key].value != entry.value:
                note = (
                    f"`{key}` of profile `{name}` differs from {known[key].where}; this one is used"
                )
                merged.warnings.append(Notice(entry.where, note))
            known[key] = entry
    return merged
