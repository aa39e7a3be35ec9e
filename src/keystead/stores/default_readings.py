"""The profile ``default`` of the shared files, as different programs read it.

Some read ``[default]`` of the config file, some ``[profile default]``, some the latter in the
credentials file too.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from keystead.errors import Origin
from keystead.model.profile import Profile, SettingValue
from keystead.model.settings import DECIDING
from keystead.stores.shared_snapshot import SharedSnapshot
from keystead.text.default_sections import DefaultSection, default_sections
from keystead.text.document import Document
from keystead.text.other_sections import without_default_and_secrets

NAME = "default"


class DefaultReadings:
    """The readings of one snapshot."""

    def __init__(self, snapshot: SharedSnapshot) -> None:
        self.snapshot = snapshot
        self._data = [file.data or b"" for file in snapshot.files()]
        self._sections = [list(default_sections(data)) for data in self._data]

    def profiles(self) -> list[Profile]:
        """Each distinct reading of the profile."""
        found: list[Profile] = []
        for kinds in product((False, True), repeat=len(self._sections)):
            chosen = [
                [section for section in sections if section.prefixed == kind]
                for sections, kind in zip(self._sections, kinds, strict=True)
            ]
            profile = self._profile(chosen)
            if any(chosen) and profile not in found:
                found.append(profile)
        return found

    def where(self, name: str) -> Origin | None:
        """Where the setting is set first."""
        for path, sections in zip(self.snapshot.paths, self._sections, strict=True):
            for section in sections:
                if name in section.lines:
                    return Origin(str(path), section.lines[name])
        return None

    def gives_credentials(self) -> bool:
        """Whether a program may find credentials in it."""
        return any(name in DECIDING for section in self._all() for name in section.lines)

    def credentials_file_sets(self, names: frozenset[str]) -> bool:
        """Whether the credentials file sets one of these, or any nested block."""
        return any(
            name in names or isinstance(value, Mapping)
            for section in self._sections[0]
            for name, value in section.values.items()
        )

    def other_sections(self) -> str:
        """The other sections of the config file, without those that have a secret."""
        config = self._data[1:]
        return without_default_and_secrets(Document(config[0], "config")) if config else ""

    def _all(self) -> list[DefaultSection]:
        return [section for sections in self._sections for section in sections]

    def _profile(self, chosen: list[list[DefaultSection]]) -> Profile:
        values: dict[str, SettingValue] = {}
        for sections in reversed(chosen):  # the credentials file takes precedence
            for section in sections:
                values |= section.values
        return Profile(NAME, values)
