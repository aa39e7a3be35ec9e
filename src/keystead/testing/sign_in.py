"""A local AWS Sign-In: the console's login for programs, as ``aws login`` uses it.

It checks authorization codes with PKCE and proofs of possession (DPoP) and answers as botocore's
model of ``signin`` says. ``python -m keystead.testing.sign_in`` runs it as a program.
"""

from __future__ import annotations

import argparse
import base64
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from keystead.testing import jose
from keystead.testing.authorization_server import AuthorizationServer
from keystead.testing.local_service import (
    Operation,
    Refused,
    Reply,
    Request,
    checked,
    run,
    wrong_page,
)
from keystead.testing.oauth import (
    CODE,
    REFRESH,
    Authorization,
    Invalid,
    Login,
    is_challenge,
    random_secret,
    seconds,
    text_of,
)
from keystead.testing.pages import page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

SAME_DEVICE = "arn:aws:signin:::devtools/same-device"
"""The client id of a program with a redirect to itself."""

CROSS_DEVICE = "arn:aws:signin:::devtools/cross-device"
"""The client id of a program into which the person pastes a code."""

_TOO_MANY = 429
_TOKEN, _CONFIRMATION = "/v1/token", "/v1/sessions/confirmation"
_REDIRECT = re.compile(r"http://127\.0\.0\.1:[0-9]{1,5}/oauth/callback")
_ARN = re.compile(r"arn:aws[a-z-]*:(iam|sts)::([0-9]{12}):.+")

# The errors: the exception in botocore's model with the status, and the words of the service.
_ERRORS = {
    "AUTHCODE_EXPIRED": ("AccessDeniedException", 401),
    "TOKEN_EXPIRED": ("AccessDeniedException", 401),
    "USER_CREDENTIALS_CHANGED": ("AccessDeniedException", 403),
    "INSUFFICIENT_PERMISSIONS": ("AccessDeniedException", 403),
    "INVALID_REQUEST": ("ValidationException", 400),
    "server_error": ("InternalServerException", 500),
}


class Lifetimes:
    """How long things are valid, and how far the time of a proof may be from the service's."""

    def __init__(self) -> None:
        self.code = timedelta(minutes=1)
        self.credentials = timedelta(minutes=15)
        self.login = timedelta(hours=12)
        self.proof = timedelta(minutes=5)


class SignIn(AuthorizationServer):
    """AWS Sign-In on the loopback, while it is a context.

    A person is a user of the account ``account_id``, or is given by the ARN of the console's
    session.
    """

    services = ("SIGNIN",)
    throttled = frozenset({"CreateOAuth2Token"})

    def __init__(
        self,
        *,
        account_id: str = "123456789012",
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
        make_secret: Callable[[str], str] = random_secret,
    ) -> None:
        super().__init__(port=port, clock=clock, make_secret=make_secret)
        self.account_id = account_id
        self.lifetimes = Lifetimes()
        self._proofs = jose.Proofs()
        self._key = jose.new_key()

    def login_session(self, person: str) -> str:
        """The ARN that profiles have as ``login_session``."""
        return person if _ARN.fullmatch(person) else f"arn:aws:iam::{self.account_id}:user/{person}"

    def change_credentials(self, person: str) -> None:
        """``person`` has a new password: logins before it cannot be refreshed."""
        with self._lock:
            for login in self.logins:
                if login.person == person and login.is_alive:
                    login.ended = "outdated"

    def cached_login(
        self, *, person: str = "ada", key: EllipticCurvePrivateKey | None = None
    ) -> dict[str, Any]:
        """A login without a browser, as the AWS CLI caches it; ``key`` makes its proofs."""
        from cryptography.hazmat.primitives import serialization

        key = key or jose.new_key()
        with self._lock:
            login = self._login(person, SAME_DEVICE, jose.thumbprint(jose.public_jwk(key)))
            answer = self._tokens(login)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        return {
            "accessToken": {
                **answer["accessToken"],
                "accountId": self.login_session(person).split(":")[4],
                "expiresAt": text_of(self.clock() + timedelta(seconds=answer["expiresIn"])),
            },
            "tokenType": answer["tokenType"],
            "clientId": SAME_DEVICE,
            "refreshToken": answer["refreshToken"],
            "idToken": self._id_token(login),
            "dpopKey": pem.decode(),
        }

    def _operations(self) -> Mapping[str, tuple[str, Operation]]:
        return {
            "GET /v1/authorize": ("Authorize", self._authorize),
            "POST /v1/authorize": ("Authorize", self._decide),
            f"GET {_CONFIRMATION}": ("Confirm", self._confirm),
            f"POST {_TOKEN}": ("CreateOAuth2Token", self._create_token),
        }

    def _refusal(self, operation: str, error: str | int) -> Refused:
        del operation
        words: Mapping[str | int, str] = {429: "INVALID_REQUEST", 500: "server_error"}
        kind = ("TooManyRequestsError", 429) if error == _TOO_MANY else None
        return _error(words.get(error, str(error)), "requested by the test", kind=kind)

    def _authorize(self, request: Request) -> Reply:
        given = request.parameters
        client, uri = given.get("client_id", ""), given.get("redirect_uri", "")
        if client not in (SAME_DEVICE, CROSS_DEVICE):
            raise wrong_page("The client is not known.")
        if client == CROSS_DEVICE and uri != f"{self.url}{_CONFIRMATION}":
            raise wrong_page("The redirect URI is not the page that shows the code.")
        if client == SAME_DEVICE and _REDIRECT.fullmatch(uri) is None:
            raise wrong_page("The redirect URI is not on the loopback.")
        state, challenge = given.get("state", ""), given.get("code_challenge", "")
        if given.get("response_type") != "code":
            return self._back(uri, state, {"error": "unsupported_response_type"})
        if given.get("code_challenge_method") != "SHA-256" or not is_challenge(challenge):
            return self._back(uri, state, {"error": "invalid_request"})
        if given.get("scope") != "openid":
            return self._back(uri, state, {"error": "invalid_scope"})
        asked = f"A program on {'this' if client == SAME_DEVICE else 'another'} device asks for it."
        return self._ask(Authorization(client, uri, state, challenge), "/v1/authorize", asked)

    def _code_lifetime(self) -> timedelta:
        return self.lifetimes.code

    def _confirm(self, request: Request) -> Reply:
        given = {name: request.parameters.get(name, "") for name in ("state", "code")}
        if not given["code"]:
            return Reply(200, page("Request denied", "You can close this window."))
        shown = base64.b64encode(urlencode(given).encode()).decode()
        return Reply(
            200, page("Copy this code", "Paste it into the program that waits.", None, shown)
        )

    def _create_token(self, request: Request) -> Reply:
        kind = str(request.parameters.get("grantType"))
        names = {CODE: ("code", "redirectUri", "codeVerifier"), REFRESH: ("refreshToken",)}
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise _error("INVALID_REQUEST", "the content type is not application/json")
        try:
            required = ("clientId", "grantType", *names.get(kind, ()))
            given = checked(request.parameters, dict.fromkeys(required, str), {})
            if kind not in names or given["clientId"] not in (SAME_DEVICE, CROSS_DEVICE):
                raise ValueError("unknown grantType or clientId")
            key = self._proofs.check(
                request.headers.get("dpop", ""),
                f"{self.url}{_TOKEN}",
                self.clock(),
                self.lifetimes.proof,
            )
        except ValueError as error:
            raise _error("INVALID_REQUEST", str(error)) from None
        try:
            if kind == REFRESH:
                login = self._refresh_tokens.redeem(
                    given["refreshToken"], given["clientId"], key, self.clock()
                )
                return Reply(200, self._tokens(login))
            person = self._authorizations.redeem(
                given["code"],
                given["clientId"],
                given["redirectUri"],
                given["codeVerifier"],
                self.clock(),
            )
        except Invalid as error:
            expired = "TOKEN_EXPIRED" if kind == REFRESH else "AUTHCODE_EXPIRED"
            code = _INVALID.get(error.reason, expired)
            raise _error(code, f"the grant is {error.reason}") from None
        login = self._login(person, given["clientId"], key)
        self._authorizations.redeemed(given["code"], login)
        return Reply(200, {**self._tokens(login), "idToken": self._id_token(login)})

    def _login(self, person: str, client_id: str, key: str) -> Login:
        login = Login(person, client_id, self.clock() + self.lifetimes.login, key)
        self.logins.append(login)
        return login

    def _tokens(self, login: Login) -> dict[str, Any]:
        """New credentials of ``login``, with a refresh token."""
        names = ("accessKeyId", "secretAccessKey", "sessionToken")
        length = min(self.lifetimes.credentials, login.ends - self.clock())
        return {
            "accessToken": {name: self._make_secret(name) for name in names},
            "tokenType": "aws_sigv4",
            "expiresIn": seconds(length),
            "refreshToken": self._refresh_tokens.issue(login),
        }

    def _id_token(self, login: Login) -> str:
        now = int(self.clock().timestamp())
        claims = {
            "sub": self.login_session(login.person),
            "aud": login.client_id,
            "iss": self.url,
            "iat": now,
            "exp": now + seconds(self.lifetimes.credentials),
        }
        return jose.signed(self._key, {"typ": "JWT", "alg": "ES256"}, claims)


_INVALID: Mapping[str, str] = {
    "malformed": "INVALID_REQUEST",
    "mismatch": "INVALID_REQUEST",
    "outdated": "USER_CREDENTIALS_CHANGED",
}


def _error(word: str, message: str, *, kind: tuple[str, int] | None = None) -> Refused:
    """The error of ``word``; ``kind`` are its exception and status where they are others."""
    code, status = kind or _ERRORS[word]
    body = {"error": word, "message": message}
    return Refused(code, Reply(status, body, {"x-amzn-ErrorType": code}))


def main() -> None:
    """Serves until the input ends."""
    parser = argparse.ArgumentParser(prog="python -m keystead.testing.sign_in")
    parser.add_argument("--port", type=int, default=0, help="(default: a port of the system)")
    run(SignIn(port=parser.parse_args().port))


if __name__ == "__main__":
    main()
