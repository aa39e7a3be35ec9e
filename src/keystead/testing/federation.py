"""The federation endpoint of the AWS console for tests: sign-in tokens, and the page they lead to.

It refuses what AWS documents as refused: credentials that do not expire, a duration for the session
of a federated user, and one of more than an hour for a role that was assumed by another one.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from keystead.testing.local_service import LocalService, Operation, Refused, Reply, Request
from keystead.testing.pages import page
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Kind = Literal["role", "chained", "federated"]

_LEAST, _MOST, _CHAINED = 900, 43_200, 3600
_TOKEN_LIFE = timedelta(minutes=15)
_SESSION = {"sessionId", "sessionKey", "sessionToken"}


class ConsoleSession(NamedTuple):
    """A session of the console: whose it is, where it began, and its duration if one was set."""

    access_key_id: str
    destination: str
    seconds: int | None


class Federation(LocalService):
    """The endpoint. ``kinds`` says by access key id what credentials are; else those of a role.

    ``sessions`` are those that a browser has opened.
    """

    services = ("SIGNIN",)

    def __init__(self) -> None:
        super().__init__()
        self.kinds: dict[str, Kind] = {}
        self.sessions: list[ConsoleSession] = []
        self._tokens: dict[str, tuple[Mapping[str, str], int | None, datetime]] = {}

    def _operations(self) -> Mapping[str, tuple[str, Operation]]:
        return {"GET /federation": ("federation", self._federation)}

    def _refusal(self, operation: str, error: str | int) -> Refused:
        del operation
        status = error if isinstance(error, int) else 400
        return Refused(str(error), Reply(status, page("Error", "This request is not accepted.")))

    def _federation(self, request: Request) -> Reply:
        asked = dict(request.parameters)
        try:
            match asked.pop("Action", None):
                case "getSigninToken":
                    return self._token(asked)
                case "login":
                    return self._login(asked)
        except (ValueError, KeyError, TypeError) as error:
            raise self._refusal("federation", 400) from error
        raise self._refusal("federation", 400)

    def _token(self, asked: dict[str, str]) -> Reply:
        session = json.loads(asked.pop("Session"))
        duration = asked.pop("SessionDuration", None)
        seconds = None if duration is None else int(duration)
        is_complete = session.keys() == _SESSION and all(session.values())
        kind = self.kinds.get(session["sessionId"], "role")
        is_temporary = session["sessionId"] in self.kinds or session["sessionId"][:4] == "ASIA"
        if asked or not is_complete or not is_temporary:
            raise ValueError("Session")
        most = {"role": _MOST, "chained": _CHAINED, "federated": 0}[kind]
        if seconds is not None and not _LEAST <= seconds <= most:
            raise ValueError("SessionDuration")
        token = secrets.token_urlsafe(200)
        self._tokens[token] = session, seconds, self.clock() + _TOKEN_LIFE
        return Reply(200, {"SigninToken": token})

    def _login(self, asked: dict[str, str]) -> Reply:
        session, seconds, ends = self._tokens[asked.pop("SigninToken")]
        destination = asked.pop("Destination")
        asked.pop("Issuer", None)
        parts = urlsplit(destination)
        if asked or parts.scheme != "https" or "console." not in f".{parts.hostname}":
            raise ValueError("Destination")
        if self.clock() > ends:
            raise ValueError("SigninToken")
        self.sessions.append(ConsoleSession(session["sessionId"], destination, seconds))
        who = f"Signed in with {session['sessionId']}, to open {destination}"
        cookie = f"aws-userInfo={secrets.token_hex(8)}; HttpOnly; SameSite=Lax"
        return Reply(200, page("AWS Management Console", who), {"Set-Cookie": cookie})
