"""The SSO token of a login to IAM Identity Center, and its renewal by OpenID Connect."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from keystead.model.sources.sso import Sso
from keystead.outside import parse_moment, text_in
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.aws.failures import unusable
from keystead.resolve.credentials_json import BadDocument, read_object
from keystead.resolve.sso.cache import TokenCache, written_end
from keystead.system import System
from keystead.system.path import Path
from keystead.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HEADER_VALUE = re.compile(r"[!-~]+")
_FOR_REFRESH = ("refreshToken", "clientId", "clientSecret")


class SsoToken(Value, kw_only=True):
    """The token and its end."""

    access_token: str
    ends: datetime

    def fresh(self, now: datetime, window: timedelta = timedelta(0)) -> bool:
        """Whether it works for ``window`` after ``now``."""
        return now + window < self.ends


def token_file(source: Sso, system: System) -> Path:
    """The file of the AWS CLI's cache that the SSO token of a login is in."""
    key = source.sso_start_url if source.sso_session is None else source.sso_session
    name = hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()
    return system.folders.home / ".aws" / "sso" / "cache" / f"{name}.json"


def login_identity(source: Sso, system: System) -> list[object]:
    """What tells one login from another: the file and the token in it, empty where there is none.

    A token has no name of who logged in, so that a renewed one counts as another login.
    """
    path = token_file(source, system)
    try:
        token = read_object(system.files.read(path).data or b"").get("accessToken")
    except BadDocument:
        token = None
    return [str(path), token if isinstance(token, str) else ""]


class SsoTokenCache(TokenCache[SsoToken]):
    """The login to one SSO session or, in the legacy form, to one start URL."""

    window = timedelta(minutes=15)
    logged_out = (
        "AccessDeniedException",
        "ExpiredTokenException",
        "InvalidClientException",
        "InvalidGrantException",
        "UnauthorizedClientException",
        "UnauthorizedException",
    )

    def __init__(self, source: Sso, system: System, client: AwsClient) -> None:
        session = source.sso_session
        option = f"--sso-session {session}" if session else f"--profile {source.profile}"
        what = f"the SSO login to `{session or source.sso_start_url}`"
        super().__init__(system, token_file(source, system), what, f"aws sso login {option}")
        self._is_legacy = session is None
        self._client = client

    def parse(self, document: Mapping[str, Any]) -> SsoToken:
        """As `TokenCache.parse`."""
        token, ends = document.get("accessToken"), _moment(document.get("expiresAt"))
        if not isinstance(token, str) or not _HEADER_VALUE.fullmatch(token) or ends is None:
            raise BadDocument("has no token")
        return SsoToken(access_token=token, ends=ends)

    def why_not_renewable(self, document: Mapping[str, Any]) -> str | None:
        """As `TokenCache.why_not_renewable`; the legacy form has nothing that renews."""
        registered = _moment(document.get("registrationExpiresAt"))
        complete = all(isinstance(document.get(name), str) for name in _FOR_REFRESH)
        is_registered = registered is not None and self.system.clock() < registered
        return None if complete and is_registered and not self._is_legacy else "has ended"

    def renew(self, document: dict[str, Any]) -> dict[str, Any]:
        """As `TokenCache.renew`."""
        now = self.system.clock()
        asked = {name: document.get(name) for name in _FOR_REFRESH}
        answer = self._client.call(
            "sso-oidc", "CreateToken", {"grantType": "refresh_token", **asked}
        )
        token = answer.get("accessToken")
        if not isinstance(token, str) or not _HEADER_VALUE.fullmatch(token):
            raise unusable("sso-oidc", "CreateToken")
        try:
            ends = written_end(now, answer.get("expiresIn"))
        except ValueError:
            raise unusable("sso-oidc", "CreateToken") from None
        new = {"accessToken": token, "expiresAt": ends}
        if answer.get("refreshToken"):
            new["refreshToken"] = answer["refreshToken"]
        return {**document, **new}


def _moment(text: object) -> datetime | None:
    """A moment as the cache has it: ISO 8601, or with ``UTC`` at its end by an older CLI."""
    try:
        return parse_moment(text_in(text).removesuffix("UTC"))
    except ValueError:
        return None
