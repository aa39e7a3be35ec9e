"""Values between PowerShell and keystead, as JSON that every version reads alike.

PowerShell's JSON reader turns text that looks like a time into one, loses names that differ only in
case, and does not distinguish tables from objects. So a text begins with a mark for its type (`=`
text, `@` time, `*` secret), and a composite value is a list that begins with a word (``list``,
``table``, ``object`` and its types). All of it is ASCII, since the encoding of a pipe in PowerShell
is unknown.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime

from keystead.errors import UsageError
from keystead.outside import parse_json
from keystead.powershell.objects import AwsObject, properties_of
from keystead.secret import Secret, reveal
from keystead.system.folders import Folders

_PREFIX = "Keystead."
CREDENTIAL = f"{_PREFIX}Credential"
"""The type, in PowerShell, of every credentials object."""

HANDLE = "KeysteadHandle"
"""The hidden property that identifies such an object: parameters of New-AWSCredential."""


def outgoing(value: object, kind: str, folders: Folders) -> object:
    """The encoding of an object of a cmdlet's output; ``kind`` names its type."""
    if isinstance(value, AwsObject):
        return _object(value, value.kind or kind, folders)
    if isinstance(value, Mapping):
        return _parts(value, kind, folders)
    return _plain(value, folders)


def _object(value: AwsObject, kind: str, folders: Folders) -> list[object]:
    handle = handle_of(value, folders)
    made = _parts(value.properties, kind, folders)
    if handle is None:
        return made
    made[1] = f"={' '.join(dict.fromkeys([_PREFIX + kind, CREDENTIAL]))}"
    return [*made, f"={HANDLE}", f"*{json.dumps(handle)}"]


def handle_of(value: AwsObject, folders: Folders) -> Mapping[str, str] | None:
    """The parameters of New-AWSCredential that recreate the credentials; None for no credentials.

    It names a profile or a role, and has keys only if there is no other source of them.
    """
    if value.retrieve is None:
        return None
    if value.again is not None:
        made = dict(value.again)
        location = made.get("ProfileLocation")
        if location:
            made["ProfileLocation"] = os.path.abspath(folders.expand(location))
        return made
    if value.keys is None:
        return None
    given = {
        "AccessKey": value.keys.access_key_id,
        "SecretKey": value.keys.secret_access_key,
        "SessionToken": value.keys.session_token,
    }
    return {name: item for name, item in given.items() if item}


def _parts(value: Mapping[str, object], kind: str, folders: Folders) -> list[object]:
    names = [str(name) for name in value]
    is_object = "" not in names and len({name.lower() for name in names}) == len(names)
    head = ["object", f"={_PREFIX}{kind}" if kind else "="] if is_object else ["table"]
    pairs = zip(names, value.values(), strict=True)
    return [*head, *(part for n, item in pairs for part in (f"={n}", outgoing(item, "", folders)))]


def _plain(value: object, folders: Folders) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Secret):
        return f"*{reveal(value)}"
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return f"@{moment.astimezone(UTC).replace(tzinfo=None).isoformat('T', 'microseconds')}Z"
    if isinstance(value, list | tuple):
        return ["list", *(outgoing(item, "", folders) for item in value)]
    if properties_of(value) is not None:
        return outgoing(value, "", folders)
    return f"={value}"


def handle_in(value: object) -> Mapping[str, str | Secret]:
    """The parameters in an object that PowerShell returned, with `Secret` objects.

    Raises `UsageError` if the object is not from a cmdlet of keystead.
    """
    found: object = None
    if isinstance(value, Mapping) and isinstance(value.get("handle"), str):
        try:
            found = parse_json(value["handle"])
        except ValueError:
            found = None
    if not isinstance(found, dict) or not all(isinstance(item, str) for item in found.values()):
        raise UsageError(
            "these credentials do not come from a cmdlet of keystead",
            hint="make some with New-AWSCredential or Get-AWSCredential",
        )
    secret = ("SecretKey", "SessionToken")
    return {name: Secret(item) if name in secret else item for name, item in found.items()}


def line(kind: str, value: object = None) -> str:
    """One line of an answer."""
    return json.dumps({"kind": kind, "value": value}, separators=(",", ":"))
