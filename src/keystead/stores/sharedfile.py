"""One of the two shared files with the profiles in it, and the edits that a store makes to them.

It joins what the text layer keeps apart: a document, and the rules that say which of its sections
make up a profile. Values in, values out; reading and writing the file is the store's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from keystead.errors import Origin
from keystead.model.profile import Value
from keystead.model.rules import check_profile_name
from keystead.secret import reveal
from keystead.system.status import Stamp
from keystead.text import edit
from keystead.text.dialect import (
    DEFAULT,
    FileKind,
    Settings,
    collect,
    profiles,
    read_header,
    section_values,
)
from keystead.text.document import Document
from keystead.text.pieces import Section, Values

_GUID = "toolkit_artifact_guid"
"""The .NET SDK's unique key of a profile; a copy may not share it."""


@dataclass(frozen=True)
class SharedFile:
    """One file as it was read: its document and the stamp of that version (None: no file)."""

    path: Path
    kind: FileKind
    document: Document
    stamp: Stamp | None

    def sections(self, name: str) -> list[Section]:
        """The sections that make up the profile ``name`` in this file."""
        headers = [(read_header(s.title, self.kind), s) for s in self.document.naming(name)]
        found = [(h, s) for h, s in headers if (h.kind, h.name) == ("profile", name)]
        full = [s for h, s in found if not h.bare]
        return full or [s for _, s in found]

    def other(self, kind: str, name: str) -> Values:
        """What the section ``[kind name]`` sets that is no profile; empty when there is none."""
        found: Values = {}
        for section in self.document.naming(name):
            header = read_header(section.title, self.kind)
            if (header.kind, header.name) == (kind, name):
                found |= section_values(self.document, section)
        return found

    def profiles(self) -> dict[str, Values]:
        """What this file sets for all profiles. Raises `DocumentError` for a broken line."""
        return profiles(self.document, self.kind)

    def values(self, name: str) -> Values | None:
        """What this file alone sets for the profile; None where it does not have it."""
        return profiles(self.document, self.kind, name).get(name)

    def settings(self, name: str) -> Settings:
        """What `values` has, each with the place where it stands."""
        found: Settings = {}
        for section in self.sections(name):
            collect(self.document, section, found)
        return found

    def set(self, name: str, key: str, value: Value) -> SharedFile:
        """The file with one setting set, its section added when there is none."""
        # A block without lines cannot be written; it reads as an empty value.
        content = (dict(value) or "") if isinstance(value, Mapping) else reveal(value)
        sections = self.sections(name)
        if not sections:
            # A quoted name of one file cannot be written to the other so that all tools see it.
            check_profile_name(name, shared=True)
            return self._with(edit.add_section(self.document, self._title(name), key, content))
        entry = self.settings(name).get(key.lower())
        if entry is not None and entry.value == content:
            return self
        if isinstance(content, dict):
            return self._set_block(name, key, content)
        return self._with(edit.set_value(self.document, sections, key, content))

    def unset(self, name: str, key: str) -> SharedFile:
        """The file with every line gone that sets ``key`` for the profile."""
        return self._with(edit.unset(self.document, self.sections(name), key))

    def removed(self, name: str) -> SharedFile:
        """The file without the profile, what another spelling of its header hides included."""
        file = self
        while sections := file.sections(name):
            file = file._with(edit.remove(file.document, sections))
        return file

    def renamed(self, old: str, new: str) -> SharedFile:
        """The file with the profile under another name, in place."""
        kept = self._with(edit.rename(self.document, self.sections(old), self._title(new)))
        return kept if old == new else kept.removed(old)  # `[default]` behind `[profile default]`

    def copied(self, old: str, new: str) -> SharedFile:
        """The file with a copy of the profile at its end, in one section."""
        sections = self.sections(old)
        if not sections:
            return self
        return self._with(edit.copy(self.document, sections, self._title(new))).unset(new, _GUID)

    def _set_block(self, name: str, key: str, block: Mapping[str, str]) -> SharedFile:
        """The file with a nested block that has these lines and no others."""
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
            return self  # already so; not a byte changes
        return replace(self, document=document)

    def _title(self, name: str) -> str:
        if self.kind is FileKind.CREDENTIALS or name == DEFAULT:
            return name
        return f"profile {name}"


class Origins(Mapping[str, Origin]):
    """Where each setting of a profile stands, worked out when somebody asks."""

    def __init__(self, files: Sequence[SharedFile], name: str) -> None:
        self._files = files
        self._name = name

    @cached_property
    def _found(self) -> dict[str, Origin]:
        settings: Settings = {}
        for file in reversed(self._files):
            settings.update(file.settings(self._name))
        return {key: entry.where for key, entry in settings.items()}

    def __getitem__(self, key: str) -> Origin:
        return self._found[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
