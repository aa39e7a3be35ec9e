"""Credentials of a permission set in IAM Identity Center, by the login of the AWS CLI.

Logging in is a person's doing. What it left, the SSO token, is in the AWS CLI's own cache, in a
file for each SSO session (or start URL, in the legacy form), which all SDKs share. A token that
nears its end is renewed there, in the CLI's layout, by one process for all.
"""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from keystead.errors import FileProblem, InteractionRequired, Origin, ProviderError
from keystead.model.client_settings import ClientSettings
from keystead.model.credentials import Credentials
from keystead.outside import number, parse_moment, text_in
from keystead.resolve.aws import client as aws
from keystead.resolve.credentials_json import (
    BadDocument,
    read_credentials,
    read_object,
)
from keystead.system import System
from keystead.system.file_versions import FileVersion
from keystead.system.files import Changed

WINDOW = timedelta(minutes=15)
"""How long before its end an SSO token is renewed, as botocore does."""

_LOG = logging.getLogger("keystead")
_HEADER_VALUE = re.compile(r"[!-~]+")
_FOR_REFRESH = ("refreshToken", "clientId", "clientSecret")
_LOGGED_OUT = (
    "AccessDeniedException",
    "ExpiredTokenException",
    "InvalidClientException",
    "InvalidGrantException",
    "UnauthorizedClientException",
    "UnauthorizedException",
)
"""What the services say to a token or registration that is no more."""


def sso_credentials(
    *,
    session_name: str | None,
    start_url: str,
    region: str,
    account_id: str,
    role_name: str,
    profile: str,
    system: System,
    client_settings: ClientSettings,
) -> Credentials:
    """The credentials of the permission set ``role_name`` in the account.

    ``session_name`` None: the legacy form, whose login is kept by ``start_url`` and cannot be
    renewed. ``region`` is that of IAM Identity Center, ``profile`` the one a person would log in
    for. The token comes from ``~/.aws/sso/cache``; one of an SSO session is renewed within
    `WINDOW` of its end, once for all processes, and while it lives failing to do so is no error.

    Raises `InteractionRequired` when somebody must log in, `ProviderError` when a service refuses
    or cannot be reached, `FileProblem` when the cache cannot be read or locked.
    """
    login = _Login(session_name, start_url, region, profile, system, client_settings)
    parameters = {
        "roleName": role_name,
        "accountId": account_id,
        "accessToken": login.access_token(),
    }
    try:
        answer = login.call("sso", "GetRoleCredentials", parameters)
    except ProviderError as error:
        if error.code == "UnauthorizedException":
            raise login.required("is no longer valid") from None
        raise
    keys = answer.get("roleCredentials", {})
    try:
        found = read_credentials(
            {
                "AccessKeyId": keys.get("accessKeyId"),
                "SecretAccessKey": keys.get("secretAccessKey"),
                "SessionToken": keys.get("sessionToken"),
                "Expiration": datetime.fromtimestamp(_seconds(keys.get("expiration")), UTC),
                "AccountId": account_id,
            },
            "SessionToken",
            source=f"sso {account_id} {role_name}",
        )
    except (BadDocument, TypeError, ValueError, OverflowError, OSError):
        raise aws.unusable("sso", "GetRoleCredentials") from None
    if found.session_token is None or found.expires_at is None:
        raise aws.unusable("sso", "GetRoleCredentials")
    return replace(found, expires_at=system.server_time.here(found.expires_at))


def token_file(session_name: str | None, start_url: str, system: System) -> Path:
    """The file of the AWS CLI's cache that the SSO token of a login is in."""
    key = start_url if session_name is None else session_name
    name = hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()
    return system.folders.home / ".aws" / "sso" / "cache" / f"{name}.json"


def login_identity(session_name: str | None, start_url: str, system: System) -> tuple[str, str]:
    """What tells one login from another: the file and the token in it, empty where there is none.

    A token has no name of who logged in, so that a renewed one counts as another login.
    """
    path = token_file(session_name, start_url, system)
    try:
        token = read_object(system.files.read(path).data or b"").get("accessToken")
    except BadDocument:
        token = None
    return str(path), token if isinstance(token, str) else ""


@dataclass(frozen=True)
class _Token:
    """A file of the cache: the SSO token, its end, and all that stands there."""

    access_token: str
    ends: datetime
    document: dict[str, Any]

    def lives(self, now: datetime, window: timedelta = timedelta(0)) -> bool:
        """Whether it works for ``window`` after ``now``."""
        return now + window < self.ends

    def renewable(self, now: datetime) -> bool:
        """Whether it came with what renews it, and the registration still counts."""
        registered = _cached_moment(self.document.get("registrationExpiresAt"))
        complete = all(isinstance(self.document.get(name), str) for name in _FOR_REFRESH)
        return complete and registered is not None and now < registered


@dataclass(frozen=True)
class _Login:
    """The login to one SSO session, or to one start URL."""

    session_name: str | None
    start_url: str
    region: str
    profile: str
    system: System
    client_settings: ClientSettings

    @property
    def path(self) -> Path:
        """The file of the AWS CLI's cache."""
        return token_file(self.session_name, self.start_url, self.system)

    def call(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """The answer to an unsigned request."""
        return aws.call(
            service,
            operation,
            parameters,
            credentials=None,
            client_settings=replace(self.client_settings, region=self.region),
            system=self.system,
        )

    def required(self, state: str) -> InteractionRequired:
        """The error that sends a person to log in."""
        if self.session_name is None:
            what, option = self.start_url, f"--profile {self.profile}"
        else:
            what, option = self.session_name, f"--sso-session {self.session_name}"
        return InteractionRequired(
            f"log-in required: the SSO login to `{what}` {state}",
            id="login-required",
            hint=f"run `aws sso login {option}`",
            where=Origin(str(self.path)),
        )

    def access_token(self) -> str:
        """A token that works, renewed where that is due and can be done."""
        token = self._read()
        now = self.system.clock()
        if token.lives(now, WINDOW):
            return token.access_token
        if self.session_name is None or not token.renewable(now):
            if token.lives(now):
                return token.access_token
            raise self.required("has ended")
        try:
            return self._renewed()
        except (ProviderError, FileProblem) as error:
            if token.lives(self.system.clock()):
                _LOG.debug("the SSO token was not renewed and lives on: %s", error)
                return token.access_token
            if isinstance(error, ProviderError) and error.code in _LOGGED_OUT:
                raise self.required("has ended") from None
            raise

    def _read(self) -> _Token:
        data = self.system.files.read(self.path).data
        if data is None:
            raise self.required("was not made yet")
        try:
            document = read_object(data)
        except BadDocument:
            raise self.required("cannot be read") from None
        token, ends = document.get("accessToken"), _cached_moment(document.get("expiresAt"))
        if not isinstance(token, str) or not _HEADER_VALUE.fullmatch(token) or ends is None:
            raise self.required("cannot be read")
        return _Token(token, ends, document)

    def _renewed(self) -> str:
        """The token after a renewal, ours or that of whoever had the lock before."""
        files = self.system.files
        with files.lock(self.path):
            version = files.read(self.path).version
            token = self._read()
            now = self.system.clock()
            if token.lives(now, WINDOW):
                return token.access_token
            answer = self.call(
                "sso-oidc",
                "CreateToken",
                {
                    "grantType": "refresh_token",
                    **{name: token.document.get(name) for name in _FOR_REFRESH},
                },
            )
            new, seconds = answer.get("accessToken"), answer.get("expiresIn")
            if not isinstance(new, str) or not _HEADER_VALUE.fullmatch(new) or not seconds:
                raise aws.unusable("sso-oidc", "CreateToken")
            document = {
                **token.document,
                "accessToken": new,
                "expiresAt": _written(now + timedelta(seconds=seconds)),
            }
            if answer.get("refreshToken"):
                document["refreshToken"] = answer["refreshToken"]
            self._write(document, version)
            return new

    def _write(self, document: dict[str, Any], version: FileVersion | None) -> None:
        import json

        data = json.dumps(document).encode()
        try:
            self.system.files.replace(self.path, data, expect=version, private=True)
        except (Changed, FileProblem):
            # Somebody has logged in meanwhile, or nothing can be written: the token works.
            _LOG.warning("the renewed SSO token was not cached: %s", self.path)


def _cached_moment(text: object) -> datetime | None:
    """A moment as the cache has it: ISO 8601, or with ``UTC`` at its end by an older CLI."""
    try:
        return parse_moment(text_in(text).removesuffix("UTC"))
    except ValueError:
        return None


def _seconds(milliseconds: object) -> float:
    """Raises `ValueError` for what is not a time up to the end of the year 9998."""
    return number(milliseconds, 0, 253_370_764_800_000) / 1000


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
