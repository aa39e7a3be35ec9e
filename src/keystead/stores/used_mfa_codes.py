"""The digests of recently used MFA codes, as AWS accepts each code once."""

from __future__ import annotations

import json

from keystead.digest import sha256
from keystead.errors import KeysteadError
from keystead.outside import parse_json
from keystead.system import System
from keystead.system.files import Changed, Snapshot

_MOST = 32


class UsedMfaCodes:
    """The file of digests; errors of reading or writing it are ignored."""

    def __init__(self, system: System) -> None:
        self._files = system.files
        self._path = system.folders.sessions / "codes"

    def spent(self, mfa_serial: str, code: str) -> bool:
        """Whether the code was used with that device."""
        try:
            return _digest(mfa_serial, code) in _digests(self._files.read(self._path))
        except (KeysteadError, OSError):
            return False

    def spend(self, mfa_serial: str, code: str) -> None:
        """Records the code as used."""
        try:
            with self._files.lock(self._path):
                found = self._files.read(self._path)
                digests = [*_digests(found), _digest(mfa_serial, code)][-_MOST:]
                data = json.dumps(digests).encode()
                self._files.replace(self._path, data, expect=found.version, private=True)
        except (KeysteadError, OSError, Changed):
            return


def _digests(found: Snapshot) -> list[str]:
    try:
        digests = parse_json(found.data or b"[]")
    except ValueError:
        return []
    return [str(text) for text in digests] if isinstance(digests, list) else []


def _digest(mfa_serial: str, code: str) -> str:
    return sha256(f"{mfa_serial}\0{code}".encode()).hexdigest()[:32]
