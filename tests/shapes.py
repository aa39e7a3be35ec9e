"""Homes with files of shapes that no one has on purpose, each of any size."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from keystead.audit.grantee import Grantee
from keystead.audit.log import AuditLog
from keystead.model.credentials import Credentials
from keystead.model.session import Session
from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import System
from keystead.undo.history import Replaced
from tests import worlds

_KEYS = "".join(f"{key} = {value}\n" for key, value in worlds.KEYS.items())
_ROLE = "role_arn = arn:aws:iam::123456789012:role/demo\n"
_SSO = "sso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n"
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_CREDENTIALS = Credentials(*worlds.KEYS.values(), expires_at=_NOW + timedelta(days=99_999))


def _each(size: int, text: str) -> str:
    """The text for each number; ``{n}`` is the number, ``{next}`` the following one, in a ring."""
    return "".join(text.format(n=n, next=(n + 1) % size) for n in range(size))


CONFIGS: dict[str, Callable[[int], str]] = {
    "a chain": lambda n: (
        _each(n, "[profile p{n}]\n" + _ROLE + "source_profile = p{next}\n").rpartition(
            "source_profile"
        )[0]
        + f"source_profile = keys\n[profile keys]\n{_KEYS}"
    ),
    "a ring": lambda n: _each(n, "[profile p{n}]\n" + _ROLE + "source_profile = p{next}\n"),
    "a ring of programs": lambda n: _each(
        n, "[profile p{n}]\ncredential_process = keystead process p{next}\n"
    ),
    "sections of one name": lambda n: _each(n, "[profile p0]\nregion = eu-west-{n}\n"),
    "sections of one name beyond ASCII": lambda n: _each(n, "[profile p0]\noutput = é{n}\n"),
    "both defaults": lambda n: _each(
        n, "[default]\nregion = eu-west-{n}\n[profile default]\noutput = json\n"
    ),
    "settings": lambda n: "[profile p0]\n" + _each(n, "key_{n} = value\n"),
    "settings of one name": lambda n: "[profile p0]\n" + _each(n, "region = eu-west-{n}\n"),
    "a nested block": lambda n: "[profile p0]\ns3 =\n" + _each(n, "  key_{n} = value\n"),
    "a continued value": lambda n: "[profile p0]\ns3 = x\n" + _each(n, "  key_{n} = value\n"),
    "indented headers": lambda n: (
        "[profile p0]\nregion = x\n" + _each(n, " [profile q{n}]\n region = eu-west-1\n")
    ),
    "brackets in a value": lambda n: "[profile p0]\ns3 = x\n" + _each(n, " [q{n}]\n"),
    "broken sections": lambda n: _each(n, "[profile p{n}]\nnonsense\n"),
    "broken headers": lambda n: _each(n, "[profile p{n}\nregion = eu-west-1\n"),
    "missing source profiles": lambda n: _each(
        n, "[profile p{n}]\n" + _ROLE + "source_profile = none-{n}\n"
    ),
    "sessions and services": lambda n: _each(
        n,
        "[sso-session s{n}]\n" + _SSO + "[services v{n}]\ns3 =\n  endpoint_url = http://localhost\n"
        "[profile p{n}]\nsso_session = s{n}\nsso_account_id = 123456789012\nsso_role_name = demo\n"
        "services = v{n}\n",
    ),
}
"""The text of a config file by its shape."""


def home(folder: Path, config: str) -> None:
    """A home with that config file, and keys in the profile ``k``."""
    for name, text in (("config", config), ("credentials", f"[k]\n{_KEYS}")):
        path = folder / ".aws" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(text)
        os.utime(path, (0, 0))  # else another program might be writing it


def cached_sessions(folder: Path, size: int) -> None:
    """A home with ``size`` cached sessions."""
    home(folder, "")
    cache = EncryptedStore(System(worlds.environment(folder))).sessions()
    for number in range(size):
        cache.put(f"{number:064x}", Session(_CREDENTIALS, _NOW, 1.0))


def audit_lines(folder: Path, size: int) -> None:
    """A home with ``size`` lines in the audit log."""
    home(folder, "")
    log = AuditLog(System(worlds.environment(folder)))
    for _ in range(size):
        log.record("k", _CREDENTIALS, Grantee("process"))


def undo_copies(folder: Path, size: int) -> None:
    """A home with an undo copy of each of ``size`` files."""
    home(folder, "")
    history = EncryptedStore(System(worlds.environment(folder))).undo_history
    for number in range(size):
        with history.saving([Replaced(folder / str(number), None, b"")], _NOW):
            pass


STATES: dict[str, Callable[[Path, int], None]] = {
    "cached sessions": cached_sessions,
    "lines of the audit log": audit_lines,
    "undo copies": undo_copies,
}
"""Homes with much in the state folder."""


def shaped(shape: str, folder: Path, size: int) -> None:
    """The home of that shape and size."""
    if shape in STATES:
        STATES[shape](folder, size)
    else:
        home(folder, CONFIGS[shape](size))
