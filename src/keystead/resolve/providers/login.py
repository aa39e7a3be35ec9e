"""Credentials of ``aws login``: the session that a person opened in a browser.

What the AWS CLI left of it is a file for each login session, with temporary credentials of about
15 minutes and what renews them.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping
from datetime import timedelta

from keystead.model.credentials import Credentials
from keystead.model.sources.login import Login
from keystead.outside import text_in
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.aws.failures import unusable
from keystead.resolve.credentials_json import BadDocument, read_credentials
from keystead.resolve.dpop import DpopKey
from keystead.resolve.providers.provider import Provider
from keystead.resolve.sso.cache import TokenCache, written_end
from keystead.resolve.sso.place import Places, SealedPlaces, TokenFile
from keystead.system import System
from keystead.system.path import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DIRECTORY = "AWS_LOGIN_CACHE_DIRECTORY"

_NEEDED = ("clientId", "refreshToken", "dpopKey")
_KEYS = ("accessKeyId", "secretAccessKey", "sessionToken")


class LoginProvider(Provider):
    """AWS's sign-in service, for the login of ``aws login``."""

    source: Login

    def retrieve(self) -> Credentials:
        """What the service gives for the login. Raises as `TokenCache.current`."""
        return self.login().current()

    def login(self) -> LoginCache:
        """As `Provider.login`."""
        return LoginCache(self.source, self.system, self.client, self.context.logins())

    def identity(self) -> list[object]:
        """As `Provider.identity`."""
        return [str(cache_folder(self.system))]


def cache_folder(system: System) -> Path:
    """The folder of the AWS CLI's cache of logins."""
    folders = system.folders
    given = system.environ.get(DIRECTORY)
    return folders.expand(given) if given else folders.home / ".aws" / "login" / "cache"


class LoginCache(TokenCache[Credentials]):
    """The file of one login session, in the folder `cache_folder`."""

    window = timedelta(minutes=5)
    call = ("signin", "CreateOAuth2Token")
    logged_out = ("AccessDeniedException", "TOKEN_EXPIRED", "USER_CREDENTIALS_CHANGED")

    def __init__(
        self, source: Login, system: System, client: AwsClient, sealed: SealedPlaces
    ) -> None:
        session = source.login_session
        name = hashlib.sha256(session.encode()).hexdigest()
        shared = TokenFile(system.files, cache_folder(system) / f"{name}.json")
        own = sealed.at(f"login\n{session}", f"login {session}")
        what = f"the login of profile `{source.profile}`"
        super().__init__(
            system,
            Places(shared, own, source.sso_cache),
            what,
            f"keystead login {shlex.quote(source.profile)}",
        )
        self._label = source.label
        self._client = client

    def parse(self, document: Mapping[str, Any]) -> Credentials:
        """As `TokenCache.parse`."""
        token = document.get("accessToken")
        keys = token if isinstance(token, dict) else {}
        found = read_credentials(
            {
                "AccessKeyId": keys.get("accessKeyId"),
                "SecretAccessKey": keys.get("secretAccessKey"),
                "SessionToken": keys.get("sessionToken"),
                "Expiration": keys.get("expiresAt"),
                "AccountId": keys.get("accountId"),
            },
            "SessionToken",
            source=self._label,
        )
        if found.session_token is None or found.expires_at is None:
            raise BadDocument("has no session")
        return found

    def why_not_renewable(self, document: Mapping[str, Any]) -> str | None:
        """As `TokenCache.why_not_renewable`."""
        try:
            client_id, token, pem = (text_in(document.get(name)) for name in _NEEDED)
            DpopKey(pem)
        except ValueError:
            return "cannot be renewed"
        return None if client_id and token else "cannot be renewed"

    def renew(self, document: dict[str, Any]) -> dict[str, Any]:
        """As `TokenCache.renew`."""
        parameters = {
            "clientId": document["clientId"],
            "refreshToken": document["refreshToken"],
            "grantType": "refresh_token",
        }
        keys, output = self.ask(parameters, DpopKey(document["dpopKey"]))
        return {
            **document,
            "accessToken": {**document["accessToken"], **keys},
            "refreshToken": output["refreshToken"],
        }

    def ask(
        self, parameters: Mapping[str, str], key: DpopKey
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """The keys with their end, as the AWS CLI stores them, and the whole answer to a request
        for tokens. Raises `ProviderError`.
        """
        now = self.system.clock()
        answer = self._client.call(
            "signin",
            "CreateOAuth2Token",
            {"tokenInput": parameters},
            headers=lambda url: key.headers(url, now + self.system.server_time.ahead),
        )
        output = answer.get("tokenOutput", {})
        token = output.get("accessToken", {})
        try:
            keys = {name: text_in(token.get(name)) for name in _KEYS}
            ends = written_end(now, output.get("expiresIn"))
            if not all(keys.values()) or not text_in(output.get("refreshToken")):
                raise ValueError
        except ValueError:
            raise unusable(*self.call) from None
        return {**keys, "expiresAt": ends}, output
