"""Known secrets. Every fixture and scenario uses these, and no output may ever hold one.

`leaks` finds them, also where only a half or another spelling of one came through.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path
from urllib.parse import quote

ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"  # no secret: an access key id may be shown
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SECOND_SECRET_KEY = "canaryAbRuMvTe/second9secret+keyEXAMPLE2"
SESSION_TOKEN = "canary//session+token/9vQzEXAMPLEtoken=="
PASSPHRASE = "canary passphrase of the test bench"
MFA_CODE = "271828"

SECRETS = {
    "the secret key": SECRET_KEY,
    "the second secret key": SECOND_SECRET_KEY,
    "the session token": SESSION_TOKEN,
    "the passphrase": PASSPHRASE,
}


def _spellings(secret: str) -> set[str]:
    half = len(secret) // 2
    return {
        secret[:half],
        secret[half:],
        quote(secret, safe="")[: half + 4],
        base64.b64encode(secret.encode()).decode().rstrip("=")[:-1],
        secret.encode().hex(),
    }


_PATTERNS = {
    name: re.compile("|".join(re.escape(spelling) for spelling in sorted(_spellings(secret))))
    for name, secret in SECRETS.items()
}
# Six digits turn up by chance inside longer numbers; alone they do not.
_PATTERNS["the MFA code"] = re.compile(rf"(?<![0-9A-Za-z]){MFA_CODE}(?![0-9A-Za-z])")


def leaks(text: str) -> list[str]:
    """The names of the secrets that ``text`` contains, whole or as a large part."""
    return [name for name, pattern in _PATTERNS.items() if pattern.search(text)]


def files_with_leaks(folder: Path, plain: set[Path]) -> list[Path]:
    """The files below ``folder``, except those in ``plain``, that hold a secret readably."""
    expected = {path.resolve() for path in plain}
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.resolve() not in expected
        and leaks(path.read_bytes().decode("latin-1"))
    ]
