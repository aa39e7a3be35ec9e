"""Credentials as other programs read them: ``credential_process`` JSON and variables."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime

from keystead.model.credentials import Credentials
from keystead.model.mfa import MFA_VARIABLE

STALE_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
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
"""Variables that would let a program find other credentials than the ones it was given."""

NO_SHARED_FILES = {
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_CONFIG_FILE": os.devnull,
}
"""Variables with which a program finds no profile at all."""


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
    return json.dumps(document)


def variables(credentials: Credentials, region: str | None) -> dict[str, str]:
    """The environment variables that hand the credentials over; no region: its variables stay."""
    found = {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
    }
    if credentials.session_token:
        found["AWS_SESSION_TOKEN"] = credentials.session_token
    if credentials.expires_at:
        found["AWS_CREDENTIAL_EXPIRATION"] = timestamp(credentials.expires_at)
    return found | region_variables(region)


def region_variables(region: str | None) -> dict[str, str]:
    """The variables that set a region, none where there is none."""
    return {"AWS_REGION": region, "AWS_DEFAULT_REGION": region} if region else {}


def stale_variables(environ: Mapping[str, str], given: Mapping[str, str]) -> list[str]:
    """The variables in ``environ`` that would contradict the ``given`` ones."""
    return [name for name in STALE_VARIABLES if name in environ and name not in given]


def child_environment(environ: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child: ``environ`` without stale variables and used codes, ``given``
    on top.
    """
    kept = {k: v for k, v in environ.items() if k not in STALE_VARIABLES and k != MFA_VARIABLE}
    return {**kept, **given}
