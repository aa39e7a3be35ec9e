"""The SSO token of a login to IAM Identity Center, and its renewal by OpenID Connect."""

from __future__ import annotations

import contextlib
import hashlib
import re
from _thread import allocate_lock  # `threading` takes longer to load than this
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from shlex import quote

from keystead.errors import FileProblem, InteractionRequired, ProviderError
from keystead.model.sso_login import SsoLogin
from keystead.outside import parse_moment, text_in
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.aws.failures import unusable
from keystead.resolve.credentials_json import BadDocument
from keystead.resolve.sso.cache import TokenCache, written_end
from keystead.resolve.sso.place import Places, SealedPlaces, TokenFile
from keystead.system import System
from keystead.system.path import Path
from keystead.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HEADER_VALUE = re.compile(r"[!-~]+")
_FOR_REFRESH = ("refreshToken", "clientId", "clientSecret")


SLOWER = "SlowDownException"
_PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds before an operation is tried again that came too often."""


def call_oidc(
    client: AwsClient, system: System, operation: str, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """The answer of an OIDC operation; it is tried again where the service asks to slow down.

    Botocore does not count that as throttling. Raises as `AwsClient.call`.
    """
    for pause in _PAUSES:
        try:
            return client.call("sso-oidc", operation, parameters)
        except ProviderError as error:
            if error.code != SLOWER:
                raise
        system.sleep(pause)
    return client.call("sso-oidc", operation, parameters)


class SsoToken(Value, kw_only=True):
    """The token and its end."""

    access_token: str
    expires_at: datetime

    def fresh(self, now: datetime, window: timedelta = timedelta(0)) -> bool:
        """Whether it works for ``window`` after ``now``."""
        return now + window < self.expires_at


def places(login: SsoLogin, system: System, sealed: SealedPlaces) -> Places:
    """Where the token of a login is: in the AWS CLI's cache, by its name there, or sealed."""
    key = login.start_url if login.session is None else login.session
    name = hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()
    path = cache_folder(system) / f"{name}.json"
    own = "\n".join(("sso", login.session or "", login.start_url))
    title = f"sso-session {login.session}" if login.session else login.start_url
    return Places(TokenFile(system.files, path), sealed.at(own, title), login.cache)


def cache_folder(system: System) -> Path:
    """The folder of the AWS CLI's SSO cache."""
    return system.folders.home / ".aws" / "sso" / "cache"


class SsoTokenCache(TokenCache[SsoToken]):
    """The login to one SSO session or, in the legacy form, to one start URL."""

    window = timedelta(minutes=15)
    call = ("sso-oidc", "CreateToken")
    logged_out = (
        "AccessDeniedException",
        "ExpiredTokenException",
        "InvalidClientException",
        "InvalidGrantException",
        "UnauthorizedClientException",
        "UnauthorizedException",
    )

    def __init__(
        self, login: SsoLogin, system: System, client: AwsClient, sealed: SealedPlaces
    ) -> None:
        session = f"--sso-session {quote(login.session or '')}"
        named = quote(login.profile) if login.profile else session
        found = places(login, system, sealed)
        super().__init__(system, found, login.title, f"keystead login {named}")
        self._login = login
        self._client = client
        self._held: str | None = None
        self._asking = allocate_lock()

    def answered(self, ask: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
        """The portal's answer to ``ask``, which is called with the access token, from any thread.

        Once again with a new token where the portal refuses it. Raises as `current` and ``ask``.
        """
        for _ in range(2):
            with self._asking:
                token = self._held = self._held or self.current().access_token
            try:
                return ask(token)
            except ProviderError as error:
                if error.code != "UnauthorizedException":
                    raise
                refusal = self._refused(token)
            with self._asking:
                if self._held == token:
                    self._held = None
        raise refusal

    def _refused(self, token: str) -> InteractionRequired:
        """The error for a token that the portal refuses before its end.

        It is recorded as ended, so that it is renewed where that is possible, and `login` signs in.
        """
        with contextlib.suppress(FileProblem, InteractionRequired), self.place.lock():
            document, found, _ = self.read()
            if found.access_token == token:
                ends = written_end(self.system.clock() - timedelta(seconds=1), 1)
                self.store({**document, "expiresAt": ends}, document)
        return self.required("is no longer valid", self.place.path)

    def parse(self, document: Mapping[str, Any]) -> SsoToken:
        """As `TokenCache.parse`; a token of another portal is not this login's."""
        if document.get("startUrl", self._login.start_url) != self._login.start_url:
            raise BadDocument("is the login to another start URL")
        token, ends = document.get("accessToken"), _moment(document.get("expiresAt"))
        if not isinstance(token, str) or not _HEADER_VALUE.fullmatch(token) or ends is None:
            raise BadDocument("has no token")
        return SsoToken(access_token=token, expires_at=ends)

    def why_not_renewable(self, document: Mapping[str, Any]) -> str | None:
        """As `TokenCache.why_not_renewable`; the legacy form has nothing that renews."""
        registered = _moment(document.get("registrationExpiresAt"))
        complete = all(isinstance(document.get(name), str) for name in _FOR_REFRESH)
        is_registered = registered is not None and self.system.clock() < registered
        is_renewed = complete and is_registered and self._login.session is not None
        return None if is_renewed else "has ended"

    def renew(self, document: dict[str, Any]) -> dict[str, Any]:
        """As `TokenCache.renew`."""
        now = self.system.clock()
        asked = {name: document.get(name) for name in _FOR_REFRESH}
        parameters = {"grantType": "refresh_token", **asked}
        answer = call_oidc(self._client, self.system, "CreateToken", parameters)
        new = token_in(answer, now)
        if answer.get("refreshToken"):
            new["refreshToken"] = answer["refreshToken"]
        return {**document, **new}


def token_in(answer: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The token that was issued ``now``, and its end, as the cache has them.

    Raises `ProviderError`.
    """
    try:
        if not _HEADER_VALUE.fullmatch(text_in(answer.get("accessToken"))):
            raise ValueError("is not a header's value")
        ends = written_end(now, answer.get("expiresIn"))
    except ValueError:
        raise unusable(*SsoTokenCache.call) from None
    return {"accessToken": answer["accessToken"], "expiresAt": ends}


def _moment(text: object) -> datetime | None:
    """A moment as the cache has it: ISO 8601, or with ``UTC`` at its end by an older CLI."""
    try:
        return parse_moment(text_in(text).removesuffix("UTC"))
    except ValueError:
        return None
