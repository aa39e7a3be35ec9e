"""Signing in to AWS Sign-In with the console's login, as ``aws login``: by the browser of this
machine, or by a code that a browser on any device shows.

Facts: the AWS CLI's command `aws login`, and botocore's model of ``signin``.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hmac
import re
import secrets
from urllib.parse import parse_qsl, urlsplit

from keystead.browser.availability import facts, why_no_browser
from keystead.errors import InteractionRequired
from keystead.login.browser import by_code
from keystead.login.listener import listening
from keystead.login.once import New, sign_in_once
from keystead.login.options import Context, SignedIn
from keystead.login.pkce import ProofKey
from keystead.model.sources.login import Login
from keystead.outside import parse_json, text_in
from keystead.resolve.aws.addresses import SIGN_IN_HOSTS
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.aws.failures import unusable
from keystead.resolve.dpop import DpopKey
from keystead.resolve.providers.login import LoginCache
from keystead.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SAME_DEVICE = "arn:aws:signin:::devtools/same-device"
CROSS_DEVICE = "arn:aws:signin:::devtools/cross-device"
"""The ids of programs that ask for a login: on the device of the browser, and on another one."""

_METHOD = "SHA-256"
"""What AWS Sign-In calls the method S256 of PKCE."""

_CALL = ("signin", "CreateOAuth2Token")
_SESSION = re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::(\d{12}):[!-~]{1,1024}", re.ASCII)


def sign_in(target: Login, context: Context) -> SignedIn:
    """Signs a person in, unless the login of the profile is valid.

    The person chooses a session in the browser. The first one becomes that of the profile; where
    it is another one than before, the person is asked. Raises as `sign_in_once`.
    """
    client = context.client.in_region(target.region) if target.region else context.client

    def cache_of(session: str) -> LoginCache:
        known = replace(target, login_session=session)
        return LoginCache(known, context.system, client, context.logins)

    def make() -> New:
        current = context.sessions.current(target.profile)
        if current != target.login_session:  # another process has signed in meanwhile
            cache = cache_of(current)
            with contextlib.suppress(InteractionRequired):
                return New(cache, cache.read()[0])
        document = _Flow(target, context, client).document()
        session = session_of(document)
        if session != current:
            context.sessions.adopt(target, session)
        return New(cache_of(session), document)

    return sign_in_once(cache_of(target.login_session), context, make)


class _Flow:
    """One sign-in."""

    def __init__(self, target: Login, context: Context, client: AwsClient) -> None:
        self._target = target
        self._context = context
        self._client = client
        self._what = f"the AWS console for profile `{target.profile}`"

    def document(self) -> dict[str, Any]:
        """Signs the person in; the document as the AWS CLI writes it."""
        options, system = self._context.options, self._context.system
        why = why_no_browser(facts(system.environ)) if options.opens_browser else None
        by_device = options.device if options.device is not None else why is not None
        return self._by_device(why) if by_device else self._by_browser()

    def _by_browser(self) -> dict[str, Any]:
        base, key = self._address, ProofKey(method=_METHOD)
        with listening(self._is_issuer, self._what) as listener:
            asked = _asked(SAME_DEVICE, listener.redirect_uri, listener.state)
            page = key.address(f"{base}/v1/authorize", asked)
            code = by_code(listener, page, self._what, self._context)
            return self._token(SAME_DEVICE, listener.redirect_uri, code, key)

    def _by_device(self, why: str | None) -> dict[str, Any]:
        base, key, state = self._address, ProofKey(method=_METHOD), secrets.token_urlsafe(32)
        system, screen = self._context.system, self._context.screen
        redirect_uri = f"{base}/v1/sessions/confirmation"
        reason = f", as {why}" if why else ""
        screen.tell(f"signing in to {self._what} by a code{reason}")
        screen.tell(
            "open this address in a browser on any device, and copy the code that it shows:"
        )
        screen.show(key.address(f"{base}/v1/authorize", _asked(CROSS_DEVICE, redirect_uri, state)))
        screen.warn(
            "do this only if you ran this command yourself, and give the code to nobody: with it "
            "somebody else would be signed in as you"
        )

        def code() -> str:
            hint = "run the command on a terminal; without `--device` it needs none"
            typed = system.terminal.ask_secret("the code that the browser shows", hint=hint)
            return _pasted(typed, state)

        found = system.terminal.until_accepted(code, (_WrongCode,))
        return self._token(CROSS_DEVICE, redirect_uri, found, key)

    def _is_issuer(self, issuer: str) -> bool:
        """Whether AWS Sign-In may call itself so: by a host of its domains, which AWS does not
        document further.
        """
        try:
            parts = urlsplit(issuer)
        except ValueError:
            return False
        host = f".{parts.hostname or ''}"
        is_of_aws = any(host.endswith(f".{domain}") for domain in SIGN_IN_HOSTS.values())
        return issuer == self._address or (parts.scheme == "https" and is_of_aws)

    @property
    def _address(self) -> str:
        return self._client.address(*_CALL).rstrip("/")

    def _token(
        self, client_id: str, redirect_uri: str, code: str, proof: ProofKey
    ) -> dict[str, Any]:
        key = DpopKey.new()
        cache = LoginCache(self._target, self._context.system, self._client, self._context.logins)
        parameters = {
            "clientId": client_id,
            "grantType": "authorization_code",
            "code": code,
            "codeVerifier": proof.verifier,
            "redirectUri": redirect_uri,
        }
        keys, output = cache.ask(parameters, key)
        document = {
            "accessToken": keys,
            "tokenType": output.get("tokenType"),
            "clientId": client_id,
            "refreshToken": output["refreshToken"],
            "idToken": output.get("idToken"),
            "dpopKey": key.pem,
        }
        account_id = session_of(document).split(":")[4]
        return {**document, "accessToken": {**keys, "accountId": account_id}}


class _WrongCode(InteractionRequired):
    """What was pasted is not the code of this sign-in."""

    id = "login-code-wrong"


def _asked(client_id: str, redirect_uri: str, state: str) -> dict[str, str]:
    return {
        "client_id": client_id,
        "state": state,
        "scope": "openid",
        "redirect_uri": redirect_uri,
    }


def _pasted(text: str, state: str) -> str:
    """The authorization code in what the browser shows, which is base64 of a query.

    Raises `_WrongCode`.
    """
    try:
        query = base64.b64decode("".join(text.split()), validate=True).decode()
        given = dict(parse_qsl(query, max_num_fields=8))
    except (binascii.Error, ValueError):
        given = {}
    if not given.get("code") or not hmac.compare_digest(
        given.get("state", "").encode(), state.encode()
    ):
        raise _WrongCode(
            "this is not the code of this sign-in",
            hint="copy the whole code from the page that this command showed the address of",
        )
    return given["code"]


def session_of(document: dict[str, Any]) -> str:
    """The session that the person chose: the subject of the id token, an ARN.

    The token comes straight from the service, over TLS, so its signature says nothing more
    (OpenID Connect Core, 3.1.3.7).
    """
    try:
        part = text_in(document.get("idToken")).split(".")[1]
        claims = parse_json(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        session = text_in(claims["sub"])
        if claims.get("aud", document["clientId"]) != document["clientId"]:
            raise ValueError
    except (ValueError, LookupError, TypeError, AttributeError):
        raise unusable(*_CALL) from None
    if not _SESSION.fullmatch(session):
        raise unusable(*_CALL)
    return session
