"""One of the two shared files with the profiles in it, and the edits that a store makes to them.

It joins what the text layer keeps apart: a document, and the rules that say which of its sections
make up a profile. Values in, values out; reading and writing the file is the store's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from keystead.model.profile import Value
from keystead.secret import reveal
from keystead.system.files import Stamp
from keystead.text import edit
from keystead.text.dialect import DEFAULT, FileKind, Settings, collect, read_header
from keystead.text.document import Document, Section

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
        headers = ((read_header(s.title, self.kind), s) for s in self.document.sections)
        found = [(h, s) for h, s in headers if (h.kind, h.name) == ("profile", name)]
        full = [s for h, s in found if not h.bare]
        return full or [s for _, s in found]

    def settings(self, name: str) -> Settings:
        """What this file alone sets for the profile."""
        found: Settings = {}
        for section in self.sections(name):
            collect(self.document, section, found)
        return found

    def set(self, name: str, key: str, value: Value) -> SharedFile:
        """The file with one setting set, its section added when there is none."""
        if isinstance(value, Mapping):
            file = self
            for inner, text in value.items():
                file = file.set(name, f"{key}.{inner}", text)
            return file
        text = reveal(value)
        sections = self.sections(name)
        if not sections:
            return self._with(edit.add_section(self.document, self._title(name), {key: text}))
        entry = self.settings(name).get(key.lower())
        if entry is not None and entry.value == text:
            return self  # already so; not a byte changes
        return self._with(edit.set_value(self.document, self._holder(sections, key), key, text))

    def unset(self, name: str, key: str) -> SharedFile:
        """The file with every line gone that sets ``key`` for the profile."""
        file = self
        for index in range(len(self.sections(name))):
            cut = edit.unset(file.document, file.sections(name)[index], key)
            if cut.text != file.document.text:
                file = file._with(cut)
        return file

    def removed(self, name: str) -> SharedFile:
        """The file without the profile."""
        file = self
        while sections := file.sections(name):
            file = file._with(edit.remove_section(file.document, sections[-1]))
        return file

    def renamed(self, old: str, new: str) -> SharedFile:
        """The file with the profile under another name, in place."""
        file = self
        for index in range(len(self.sections(old))):
            section = self.sections(old)[-1 - index]  # from the end, so that positions hold
            file = file._with(edit.rename_section(file.document, section, self._title(new)))
        return file

    def copied(self, old: str, new: str) -> SharedFile:
        """The file with a copy of the profile at its end, in one section."""
        sections = self.sections(old)
        if not sections:
            return self
        file = self._with(edit.copy_section(self.document, sections[-1], self._title(new)))
        for key, entry in self.settings(old).items():  # what its other sections had
            if key not in file.settings(new):
                file = file.set(new, key, entry.value)
        return file.unset(new, _GUID)

    def _with(self, document: Document) -> SharedFile:
        return replace(self, document=document)

    def _title(self, name: str) -> str:
        if self.kind is FileKind.CREDENTIALS or name == DEFAULT:
            return name
        return f"profile {name}"

    def _holder(self, sections: list[Section], key: str) -> Section:
        """The section to set ``key`` in: the last that has it (or its block), else the last."""
        wanted = {key.lower(), key.partition(".")[0].lower()}
        holders = [
            section
            for section in sections
            if any(item.name.lower() in wanted for item in self.document.properties(section))
        ]
        return (holders or sections)[-1]
