"""The JSON format of credentials from programs and local endpoints, parsed strictly.

Errors quote nothing of the document, since any of it may be a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from keystead.model.credentials import Credentials
from keystead.model.validation import has_control
from keystead.outside import parse_json, parse_moment


class BadDocument(Exception):
    """The problem with a document, as a predicate: ``is not JSON``."""


def read_object(data: bytes) -> dict[str, object]:
    """The JSON object in ``data``. Raises `BadDocument`."""
    try:
        found = parse_json(data)
    except ValueError:  # it holds the document
        raise BadDocument("is not JSON" if data.strip() else "is empty") from None
    if not isinstance(found, dict):
        raise BadDocument("is JSON but not an object")
    return found


def read_credentials(document: Mapping[str, object], token: str, *, source: str) -> Credentials:
    """The credentials in ``document``; ``token`` is its word for the session token.

    ``AccessKeyId`` and ``SecretAccessKey`` must be there; session token, ``Expiration`` and
    ``AccountId`` may be missing or null. Raises `BadDocument`.
    """
    key = _text(document, "AccessKeyId")
    secret = _text(document, "SecretAccessKey")
    for name, value in (("AccessKeyId", key), ("SecretAccessKey", secret)):
        if value is None:
            raise BadDocument(f"has no `{name}`")
    return Credentials(
        key or "",
        secret or "",
        _text(document, token),
        _moment(document, "Expiration"),
        _text(document, "AccountId"),
        source,
    )


def _text(document: Mapping[str, object], name: str) -> str | None:
    value = document.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadDocument(f"has a `{name}` that is not text")
    if has_control(value):
        raise BadDocument(f"has a line break or control character in `{name}`")
    return value


def _moment(document: Mapping[str, object], name: str) -> datetime | None:
    value = document.get(name)
    if isinstance(value, datetime):  # botocore has parsed it already
        value = value.isoformat()
    text = _text({name: value}, name)
    if text is None:
        return None
    try:
        return parse_moment(text)
    except ValueError as error:
        raise BadDocument(f"has an `{name}` that {error}") from None
