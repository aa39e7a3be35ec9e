"""Homes and protectors that never prompt, for tests of the encrypted store."""

from __future__ import annotations

from pathlib import Path

from keystead.stores.encrypted.protectors import Argon2Cost, PassphraseProtector
from keystead.system import System
from tests.canaries import PASSPHRASE

CHEAP = Argon2Cost(memory=8192, passes=1, lanes=1)


def home(folder: Path) -> dict[str, str]:
    """An environment with a separate home and the passphrase in a file."""
    file = folder / "passphrase"
    file.touch(mode=0o600)
    file.write_text(f"{PASSPHRASE}\n")
    return {
        "HOME": str(folder),
        "KEYSTEAD_HOME": str(folder / "keystead"),
        "KEYSTEAD_PASSPHRASE_FILE": str(file),
    }


def passphrase(system: System) -> PassphraseProtector:
    """The protector at the least cost that is allowed."""
    return PassphraseProtector(system, cost=CHEAP)
