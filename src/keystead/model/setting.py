"""Settings: the rows of `keystead.model.settings.SETTINGS`."""

from __future__ import annotations

import re
from enum import Enum

from keystead.value import NamedTuple


class Group(Enum):
    """The role of a setting in deciding the type of a profile."""

    KEYS = "keys"
    ROLE = "role"
    SOURCE = "source"
    """Of another source of credentials."""
    OTHER = "other"


class Setting(NamedTuple):
    """A setting of a profile, named as in the shared files.

    ``netsdk`` is its key in the .NET SDK's ``RegisteredAccounts.json``, by default ``name``.
    ``sealed`` is whether that file has it encrypted. ``shape`` is a pattern that values must fit to
    be stored, with ``rule`` saying it in words; reading never judges by it. Lengths and characters
    are those of the STS API reference.
    """

    name: str
    group: Group
    meaning: str
    netsdk: str | None = None
    secret: bool = False
    """Never shown, never an argument of a plain command."""
    sealed: bool = False
    """Encrypted in the encrypted store, as the .NET SDK does it."""
    encrypted_only: bool = False
    """Never written to the shared files, which are plain text."""
    shape: str | None = None
    rule: str = ""
    one_line: bool = False
    """Whether a value with a line break is refused when the profile is used."""

    def fits(self, value: str) -> bool:
        """Whether ``value`` has the setting's shape."""
        return self.shape is None or re.fullmatch(self.shape, value, re.ASCII) is not None


ARN = r"arn:[\w-]+:{service}:[\w-]*:\d{{12}}:{what}/[\w+=,.@:/-]+"
POLICY_ARN = r"arn:[\w-]+:iam::(?:\d{12}|aws):policy/[\w+=,.@/-]+"


def choice(name: str, meaning: str, netsdk: str | None, words: tuple[str, ...]) -> Setting:
    """A setting that is one of these words, in any letter case, as the .NET SDK reads it."""
    return Setting(
        name,
        Group.OTHER,
        meaning,
        netsdk,
        shape=f"(?i:{'|'.join(words)})",
        rule=f"one of {', '.join(words)}",
    )


def switch(name: str, meaning: str, netsdk: str | None = None) -> Setting:
    """A setting that is ``true`` or ``false``."""
    return choice(name, meaning, netsdk, ("true", "false"))
