"""Credentials as other programs read them: ``credential_process`` JSON and variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from keystead.model.credentials import Credentials
from keystead.model.exported import Exported, users_environment
from keystead.model.mfa import MFA_VARIABLE
from keystead.model.variables import EXPIRATION, MARKER
from keystead.value import NamedTuple

STALE_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    EXPIRATION,
    "AWS_ACCOUNT_ID",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
)
"""Variables by which a program could find other credentials than the delivered ones."""


def timestamp(moment: datetime) -> str:
    """A moment in the form that all SDKs parse: ``2026-01-31T12:00:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def process_output(credentials: Credentials) -> str:
    """What a ``credential_process`` prints: one JSON object, ``Version`` 1."""
    document: dict[str, object] = {
        "Version": 1,
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
    }
    if credentials.session_token:
        document["SessionToken"] = credentials.session_token
    if credentials.expires_at:
        document["Expiration"] = timestamp(credentials.expires_at)
    if credentials.account_id:
        document["AccountId"] = credentials.account_id
    import json

    return json.dumps(document)


def variables(credentials: Credentials) -> dict[str, str]:
    """The credentials as environment variables."""
    found = {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
    }
    if credentials.session_token:
        found["AWS_SESSION_TOKEN"] = credentials.session_token
    if credentials.expires_at:
        found[EXPIRATION] = timestamp(credentials.expires_at)
    return found


def child_environment(environ: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child: ``environ`` without stale variables, MFA codes and variables that
    keystead set for another profile; with ``given``, and `MARKER` with the names of these.
    """
    own = {k: v for k, v in users_environment(environ).items() if k != MFA_VARIABLE}
    whole = {**{k: v for k, v in own.items() if k not in STALE_VARIABLES}, **given}
    return {**whole, MARKER: Exported.between(own, whole).marker()}


class Changes(NamedTuple):
    """Variables to set and to unset."""

    given: dict[str, str]
    stale: list[str]


def changes(
    environ: Mapping[str, str], wanted: Mapping[str, str], always: Iterable[str] = ()
) -> Changes:
    """The changes from ``environ`` to ``wanted``; ``always`` are set first, even if unchanged."""
    names = [*always, *(name for name in wanted if environ.get(name) != wanted[name])]
    stale = {name for name in environ if name not in wanted and name != MFA_VARIABLE}
    in_order = [name for name in STALE_VARIABLES if name in stale]
    in_order += sorted(stale.difference(in_order))
    return Changes({name: wanted[name] for name in dict.fromkeys(names)}, in_order)
