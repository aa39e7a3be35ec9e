"""What both sign-in services share: persons decide on a page, logins have refresh tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlencode

from keystead.testing import browser
from keystead.testing.local_service import (
    LocalService,
    Reply,
    Request,
    form_of,
    redirect,
    wrong_page,
)
from keystead.testing.oauth import (
    Authorization,
    Authorizations,
    Invalid,
    Login,
    RefreshTokens,
    random_secret,
)
from keystead.testing.pages import DECISIONS, Form, page


class AuthorizationServer(LocalService):
    """A service with a page on which persons allow clients to sign in.

    ``logins`` are those so far. ``is_strict`` is that of `RefreshTokens`. ``make_secret`` makes
    tokens and keys; it is called with their names. ``sends_issuer``: redirects name the issuer
    (RFC 9207), which is the address of the service.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
        make_secret: Callable[[str], str] = random_secret,
    ) -> None:
        super().__init__(port=port, clock=clock)
        self.logins: list[Login] = []
        self.sends_issuer = False
        self._make_secret = make_secret
        self._authorizations = Authorizations(make_secret)
        self._refresh_tokens = RefreshTokens(make_secret)

    @property
    def is_strict(self) -> bool:
        """Whether each refresh token is valid once."""
        return self._refresh_tokens.is_strict

    @is_strict.setter
    def is_strict(self, value: bool) -> None:
        self._refresh_tokens.is_strict = value

    def sign_in(self, url: str, person: str = "ada", *, approve: bool = True) -> browser.Page:
        """What a browser does that is opened with ``url``; returns the page at the end."""
        return browser.sign_in(url, person, approve=approve)

    def _code_lifetime(self) -> timedelta:
        """How long an authorization code is valid."""
        raise NotImplementedError("the subclass has lifetimes")

    def _ask(self, authorization: Authorization, action: str, text: str) -> Reply:
        """The page with the form that goes to ``action``."""
        hidden = {"request": self._authorizations.wait(authorization)}
        form = Form(action, "post", hidden, {"person": "User"}, DECISIONS)
        return Reply(200, page("Allow access?", text, form))

    def _decide(self, request: Request) -> Reply:
        """Sends the browser back to the client with what the person decided."""
        given = form_of(request)
        try:
            authorization = self._authorizations.decided(given.get("request", ""))
        except Invalid:
            raise wrong_page("This request is not known, or was answered already.") from None
        person = given.get("person", "")
        if given.get("decision") != "approve" or not person:
            answer = {"error": "access_denied"}
        else:
            ends = self.clock() + self._code_lifetime()
            answer = {"code": self._authorizations.code(authorization, person, ends)}
        return self._back(authorization.redirect_uri, authorization.state, answer)

    def _back(self, uri: str, state: str, answer: dict[str, str]) -> Reply:
        """The redirect to the client."""
        issuer = {"iss": self.url} if self.sends_issuer else {}
        given = {**answer, "state": state, **issuer, **self.faults.redirect}
        return redirect(f"{uri}?{urlencode({k: v for k, v in given.items() if v})}")
