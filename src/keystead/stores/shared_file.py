"""The profiles of one shared file, and pure edits of them, over the text layer."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from functools import cached_property

from keystead.errors import DocumentError, Origin, ProfileInvalid
from keystead.model.profile import SettingValue
from keystead.model.sources.sso import POPULATED_FROM
from keystead.model.validation import check_profile_name
from keystead.secret import reveal
from keystead.system.file_versions import FileVersion
from keystead.system.path import Path
from keystead.text import edit
from keystead.text.dialect import (
    DEFAULT,
    FileKind,
    Header,
    Notice,
    Origins,
    Settings,
    Skipped,
    collect,
    hidden_default,
    interpret,
    profile_title,
    profiles,
    read_alike,
    read_header,
    section_title,
    section_values,
    skipped,
)
from keystead.text.document import Document
from keystead.text.pieces import Section, Span, Values
from keystead.value import Value, replace

_GUID = "toolkit_artifact_guid"
"""The .NET SDK's unique key of a profile, which is not copied."""


class SharedFile(Value):
    """The document of a file, and its version (None: no file)."""

    path: Path
    kind: FileKind
    document: Document
    version: FileVersion | None

    def sections(self, name: str) -> list[Section]:
        """The sections of the profile ``name``."""
        return self.parts(name)[0]

    def headers(self, kind: str) -> Iterator[Header]:
        """The headers of the sections of that kind, in order. Reads few others."""
        text = self.document.text
        at = text.find(kind)
        while at >= 0:
            end = at + len(kind)
            for section in self.document.sections_in(Span(at, end)):
                header = self._header(section)
                end = section.end
                if header.kind == kind:
                    yield header
            at = text.find(kind, end)

    def names(self) -> Iterator[str]:
        """The names of the profiles by their headers, in order; maybe more than once."""
        for section in self.document.sections_in(Span(0, len(self.document.text))):
            header = self._header(section)
            if header.kind == "profile":
                yield header.name

    def parts(self, name: str) -> tuple[list[Section], list[Section]]:
        """Those sections, and those of the spelling of `default` that they hide."""
        sections = self.document.naming(name)
        headers = [(self._header(section), section) for section in sections]
        found = [(h, s) for h, s in headers if (h.kind, h.name) == ("profile", name)]
        loser = hidden_default((h for h, _ in found), self.kind, self.document.grammar)
        if name != DEFAULT or loser is None:
            return [s for _, s in found], []
        return [s for h, s in found if h.bare is not loser], [
            s for h, s in found if h.bare is loser
        ]

    def _header(self, section: Section) -> Header:
        return read_header(section.title, self.kind, self.document.grammar)

    def skipped(self, name: str | None = None) -> list[Skipped]:
        """The skipped sections that may have been meant as profiles (or as this one)."""
        return skipped(self.document, self.kind, name)

    def disagreements(self, name: str) -> list[Notice]:
        """Where other programs read other keys of the profile; see `text.disagreement`."""
        from keystead.text.disagreement import disagreements

        return disagreements(self.document, self.kind, name)

    def other(self, kind: str, name: str) -> Values:
        """The settings of a section ``[kind name]`` other than a profile; empty for none."""
        found: Values = {}
        for section in self.document.naming(name):
            header = self._header(section)
            if (header.kind, header.name) == (kind, name):
                found |= section_values(self.document, section)
        return found

    def with_sso_session(self, name: str, settings: Mapping[str, str]) -> SharedFile:
        """The file with these settings of an ``sso-session``; a missing section is added."""
        found = [
            section
            for section in self.document.naming(name)
            if (header := self._header(section)).kind == "sso-session" and header.name == name
        ]
        if found:
            return self._with(edit.change(self.document, [(found, settings)]))
        title = section_title("sso-session", name)
        return self._with(edit.add_sections(self.document, {title: settings}))

    def profiles(self, broken: dict[str, DocumentError] | None = None) -> dict[str, Values]:
        """The settings of all profiles; adds those that cannot be read to ``broken``."""
        return profiles(self.document, self.kind, broken=broken)

    def values(self, name: str) -> Values | None:
        """The settings of the profile in this file; None if it is not in it.

        Raises `DocumentError` for a broken line in one of its sections.
        """
        return profiles(self.document, self.kind, name).get(name)

    def settings(self, name: str) -> Settings:
        """`values` with the origin of each."""
        found: Settings = {}
        for section in self.sections(name):
            collect(self.document, section, found)
        return found

    def set(self, name: str, key: str, value: SettingValue) -> SharedFile:
        """The file with one setting set; a missing section is added."""
        # A block without lines cannot be written; it reads as an empty value.
        content = (dict(value) or "") if isinstance(value, Mapping) else reveal(value)
        sections = self.sections(name)
        if not sections:
            # A quoted name cannot be written to the other file so that all tools read it.
            check_profile_name(name, shared=True)
            return self._with(edit.add_section(self.document, self._title(name), key, content))
        if isinstance(content, dict):
            entry = self.settings(name).get(key.lower())
            there = entry is not None and entry.value == content
            return self if there else self._set_block(name, key, content)
        file = self._with(edit.set_value(self.document, sections, key, content))
        return file.set_hidden(name, key, content)

    def rewritten(
        self,
        added: Mapping[str, Mapping[str, str]],
        changed: Mapping[str, Mapping[str, str]],
        removed: Collection[str],
    ) -> SharedFile:
        """The file with many changes of profiles at once, in time that grows with the file.

        ``added`` are new ones, at its end.
        """
        document = self.document
        if changed:
            found = _sections(document, self.kind, changed)
            cuts = ((found[name], settings) for name, settings in changed.items())
            document = edit.change(document, cuts)
        if removed:
            groups = _sections(document, self.kind, removed).values()
            doomed = sorted((each for group in groups for each in group), key=lambda s: s.start)
            document = edit.remove(document, doomed)
        titled = {self._title(name): settings for name, settings in added.items()}
        return self._with(edit.add_sections(document, titled))

    def set_hidden(self, name: str, key: str, value: str) -> SharedFile:
        """The file with the value in the hidden spelling of `default` too, if it has the setting.

        Other programs read that spelling.
        """
        hidden = [s for s in self.parts(name)[1] if key.lower() in section_values(self.document, s)]
        return self._with(edit.set_value(self.document, hidden, key, value)) if hidden else self

    def unset(self, name: str, key: str) -> SharedFile:
        """The file without any line that sets ``key`` for the profile."""
        visible, hidden = self.parts(name)
        return self._with(edit.unset(self.document, [*visible, *hidden], key))

    def removed(self, name: str) -> SharedFile:
        """The file without the profile, including a hidden spelling of its header."""
        file = self
        while sections := file.sections(name):
            file = file._with(edit.remove(file.document, sections))
        return file

    def renamed(self, old: str, new: str) -> SharedFile:
        """The file with the profile renamed in place."""
        renamed = self._with(edit.rename(self.document, self.sections(old), self._title(new)))
        # A hidden spelling of `default` still has the old name.
        return renamed if old == new else renamed.removed(old)

    def copied(self, old: str, new: str) -> SharedFile:
        """The file with a copy of the profile at its end, in one section."""
        sections = self.sections(old)
        if not sections:
            return self
        made = self._with(edit.copy(self.document, sections, self._title(new)))
        return made.unset(new, _GUID).unset(new, POPULATED_FROM)

    def _set_block(self, name: str, key: str, block: Mapping[str, str]) -> SharedFile:
        """The file with a nested block of exactly these lines."""
        file = self
        for inner, text in block.items():
            cut = edit.set_nested(file.document, file.sections(name), key, inner, text)
            file = replace(file, document=cut)
        entry = file.settings(name)[key.lower()]
        there = entry.value if isinstance(entry.value, Mapping) else {}
        for inner in there.keys() - {given.lower() for given in block}:
            cut = edit.unset_nested(file.document, file.sections(name), key, inner)
            file = replace(file, document=cut)
        return self._with(file.document)

    def _with(self, document: Document) -> SharedFile:
        if document.text == self.document.text:
            return self  # no change
        return replace(self, document=document)

    def _title(self, name: str) -> str:
        return profile_title(name, self.kind)

    def reads_alike(self, name: str) -> bool:
        """Whether botocore and the .NET SDK both find a profile of that name in this file."""
        return read_alike(name, self.kind)

    def check_edit(self, before: SharedFile, names: Collection[str]) -> None:
        """Refuses an edit of a file with ambiguous lines that changes more than these profiles.

        Raises `ProfileInvalid`, and `DocumentError` for a broken line in the result.
        """
        if before.document.is_strict() and self.document.is_strict():
            return
        old, new = (_meaning(file, names) for file in (before, self))
        if old != new:
            raise ProfileInvalid(
                "the file has lines that programs read differently, and this change would affect "
                "other profiles",
                id="readers-disagree",
                hint="`keystead lint` lists these lines; fix them first",
                where=Origin(str(self.path)),
            )


def _sections(
    document: Document, kind: FileKind, names: Container[str]
) -> dict[str, list[Section]]:
    """The sections of these profiles, in one pass."""
    found: dict[str, list[Section]] = {}
    for section in document.sections:
        header = read_header(section.title, kind, document.grammar)
        if header.kind == "profile" and header.name in names:
            found.setdefault(header.name, []).append(section)
    return found


def _meaning(file: SharedFile, names: Collection[str]) -> tuple[object, ...]:
    """The content of the file except for these profiles, without positions."""
    reading = interpret(file.document, file.kind)
    kinds = (reading.profiles, reading.sso_sessions, reading.services)
    values = [
        {
            name: {key: entry.value for key, entry in settings.items()}
            for name, settings in kind.items()
            if kind is not reading.profiles or name not in names
        }
        for kind in kinds
    ]
    return (*values, sorted(reading.broken))


class ProfileOrigins(Origins):
    """The origins of the settings of a profile, which are looked for when one is read.

    ``first`` are its settings in the first of the files, None where that has no such profile.
    """

    def __init__(
        self, files: Sequence[SharedFile], name: str, first: Mapping[str, object] | None
    ) -> None:
        self._files = files
        self._name = name
        self._first = first

    def file_of(self, settings: Collection[str]) -> str:
        """The file that the profile is in; of both, the one that has these settings of it."""
        first = self._first
        is_first = first is not None and (not settings or not first.keys().isdisjoint(settings))
        return str(self._files[0 if is_first else -1].path)

    @cached_property
    def settings(self) -> Settings:  # type: ignore[override]  # as an attribute
        """The settings of both files."""
        found: Settings = {}
        for file in reversed(self._files):
            found.update(file.settings(self._name))
        return found

    @cached_property
    def notes(self) -> list[str]:
        """Where other programs read other keys of this profile, one sentence each."""
        found = (note for file in self._files for note in file.disagreements(self._name))
        return [f"{note.where}: {note.message}" for note in found]
