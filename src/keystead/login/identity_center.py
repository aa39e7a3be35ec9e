"""Signing in to IAM Identity Center: by a browser (authorization code, PKCE) or a device code."""

from __future__ import annotations

import re
from datetime import UTC, timedelta

from keystead.browser.availability import facts, why_no_browser
from keystead.errors import InteractionRequired, ProfileInvalid, ProviderError
from keystead.login.browser import by_code, open_at_once
from keystead.login.listener import denied, listening
from keystead.login.once import New, sign_in_once
from keystead.login.options import Context, SignedIn
from keystead.login.pkce import ProofKey
from keystead.login.registration import CODE, Registration, Registrations, scopes_of
from keystead.model.sso_login import DEVICE, FLOWS, SsoLogin
from keystead.outside import number, text_in
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.aws.failures import unusable
from keystead.resolve.sso.oidc import SLOWER, SsoTokenCache, call_oidc, token_in
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FLOW_VARIABLE = "KEYSTEAD_SSO_FLOW"

_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_INTERVAL, _SLOWER, _SHORTEST = 5.0, 5.0, 0.05
"""Seconds between requests for a token, and what SlowDown adds: RFC 8628, 3.2 and 3.5."""

_PAGE = re.compile(r"https?://[!-~]{1,2000}")
"""The address of a page; a QR code has room for so many characters."""


def sign_in(login: SsoLogin, context: Context) -> SignedIn:
    """Signs a person in, unless the login is valid. Raises as `sign_in_once`."""
    client = context.client.in_region(login.region)
    cache = SsoTokenCache(login, context.system, client, context.logins)
    flow = _Flow(login, context, client, cache)
    return sign_in_once(cache, context, lambda: New(cache, flow.document()))


class _Choice(NamedTuple):
    """Whether to sign in by a device code, why, and whether a browser opens for it."""

    by_device: bool
    reason: str = ""
    opens: bool = False


def choose(login: SsoLogin, context: Context) -> _Choice:
    """How to sign in. Raises `ProfileInvalid` for a value that is not a flow."""
    environ = context.system.environ
    wanted = DEVICE if context.options.device else environ.get(FLOW_VARIABLE) or login.flow
    if wanted not in (None, *FLOWS):
        raise ProfileInvalid(
            f"`{wanted}` is not a way to sign in",
            id="login-flow-unknown",
            hint=f"set `sso_flow` or {FLOW_VARIABLE} to `browser` or `device`",
        )
    if wanted:
        return _Choice(wanted == DEVICE)
    why = why_no_browser(facts(environ)) if context.options.opens_browser else None
    if login.session is None:
        return _Choice(by_device=True, opens=context.options.opens_browser and why is None)
    return _Choice(why is not None, f", as {why}" if why else "")


class _Flow:
    """One sign-in."""

    def __init__(
        self, login: SsoLogin, context: Context, client: AwsClient, cache: SsoTokenCache
    ) -> None:
        self._login = login
        self._context = context
        self._client = client
        self._registrations = Registrations(login, cache, client, context.logins)
        session = f"the sso-session `{login.session}` at " if login.session else ""
        self._what = f"{session}`{login.start_url}`"

    def document(self) -> dict[str, Any]:
        """Signs the person in; the document as the AWS CLI writes it."""
        choice = choose(self._login, self._context)
        if choice.by_device:
            registration, answer = self._by_device(choice)
        else:
            registration, answer = self._by_browser()
        refresh = answer.get("refreshToken")
        return {
            "startUrl": self._login.start_url,
            "region": self._login.region,
            **token_in(answer, self._context.system.clock()),
            **registration.parameters,
            "registrationExpiresAt": f"{registration.ends.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            **({"refreshToken": refresh} if isinstance(refresh, str) else {}),
        }

    def _by_browser(self) -> tuple[Registration, dict[str, Any]]:
        registration = self._registrations.get(CODE, new=self._context.options.force)
        address = self._client.address("sso-oidc", "RegisterClient").rstrip("/")
        key = ProofKey()
        issuers = {self._login.start_url.rstrip("/"), address}
        with listening(issuers.__contains__, self._what) as listener:
            parameters = {
                "client_id": registration.client_id,
                "redirect_uri": listener.redirect_uri,
                "state": listener.state,
                "scopes": " ".join(scopes_of(self._login)),
            }
            page = key.address(f"{address}/authorize", parameters)
            code = by_code(listener, page, self._what, self._context)
            parameters = {
                "grantType": CODE[0],
                **registration.parameters,
                "redirectUri": listener.redirect_uri,
                "codeVerifier": key.verifier,
                "code": code,
            }
            system = self._context.system
            return registration, call_oidc(self._client, system, "CreateToken", parameters)

    def _by_device(self, choice: _Choice) -> tuple[Registration, dict[str, Any]]:
        registration, started = self._started()
        system, screen = self._context.system, self._context.screen
        try:
            user_code = text_in(started.get("userCode"))
            page = _page_in(started.get("verificationUri"))
            complete = _page_in(started.get("verificationUriComplete"))
            life = number(started.get("expiresIn"), 1, 86400)
            interval = number(started.get("interval", _INTERVAL), 0, 3600)
            parameters = {
                "grantType": _DEVICE_GRANT,
                **registration.parameters,
                "deviceCode": text_in(started.get("deviceCode")),
            }
        except ValueError:
            raise unusable("sso-oidc", "StartDeviceAuthorization") from None
        scopes = scopes_of(self._login)
        asked = f" (scopes: {', '.join(scopes)})" if scopes else ""
        screen.tell(f"signing in to {self._what}{asked} by a code{choice.reason}")
        screen.tell(
            f"open this address on any device within {life / 60:.0f} minutes, and check that it "
            f"shows the code {user_code}:"
        )
        screen.show(complete)
        screen.tell(f"or open {page} and enter the code")
        screen.warn(
            "do this only if you ran this command yourself: with a code or an address that "
            "somebody sent you, you would sign them in as you"
        )
        if self._context.options.qr:
            from keystead.login.qr import picture

            screen.show(picture(complete))
        patience = min(life, self._context.options.patience)
        ends = system.clock() + timedelta(seconds=patience)
        with open_at_once(complete, self._what, self._context, opens=choice.opens):
            while True:
                system.sleep(max(interval, _SHORTEST))
                try:
                    return registration, self._client.call("sso-oidc", "CreateToken", parameters)
                except ProviderError as error:
                    interval += _longer(error)
                if system.clock() >= ends:
                    raise _not_finished()

    def _started(self) -> tuple[Registration, dict[str, Any]]:
        """A device authorization; registers again where the cached registration has ended."""
        is_new = self._context.options.force
        while True:
            registration = self._registrations.get((), new=is_new)
            parameters = {**registration.parameters, "startUrl": self._login.start_url}
            try:
                started = call_oidc(
                    self._client, self._context.system, "StartDeviceAuthorization", parameters
                )
            except ProviderError as error:
                if is_new or error.code != "InvalidClientException":
                    raise
                is_new = True
            else:
                return registration, started


def _page_in(value: object) -> str:
    """The address of a page on the web. Raises `ValueError`."""
    text = text_in(value)
    if not _PAGE.fullmatch(text):
        raise ValueError("is not an address")
    return text


def _longer(error: ProviderError) -> float:
    """By how much to ask less often after ``error``. Raises it, or what it means to a person."""
    if error.code == "AuthorizationPendingException":
        return 0.0
    if error.code == SLOWER or error.id == "service-unreachable":
        return _SLOWER
    if error.code == "ExpiredTokenException":
        raise _not_finished() from None
    if error.code == "AccessDeniedException":
        raise denied("the request was denied") from None
    raise error


def _not_finished() -> InteractionRequired:
    return InteractionRequired(
        "nobody has signed in: the code has expired",
        id="login-not-finished",
        hint="run the command again for a new code",
    )
