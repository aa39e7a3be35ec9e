"""Waits on the loopback for the browser to come back from signing in, with a code.

It accepts one answer: the one with the right ``state``, which only the service got, through the
browser. Whatever else reaches the port is refused and changes nothing: pages of other sites, other
programs and other users of the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from threading import Event
from urllib.parse import parse_qsl

from keystead.browser.loopback import TURN_SECONDS, Pages, serving
from keystead.errors import InteractionRequired, KeysteadError, ProviderError
from keystead.http.guards import Answer, Pending, Request
from keystead.http.sockets import url
from keystead.login.page import page
from keystead.printable import one_line

PATH = "/oauth/callback"
_LONGEST = 200


class Listener(Pages):
    """Serves one sign-in. ``is_issuer`` says what the service may be called in ``iss``."""

    def __init__(self, sock: socket.socket, is_issuer: Callable[[str], bool]) -> None:
        super().__init__(sock)
        self._is_issuer = is_issuer
        self._came = Event()
        self._accepted: Request | None = None
        self._given: Mapping[str, str] = {}
        self._page: Answer | None = None
        self._done: asyncio.Future[None] | None = None
        self._refused: set[str] = set()
        self.state = secrets.token_urlsafe(32)

    @property
    def redirect_uri(self) -> str:
        """The address that the service redirects to."""
        return url(self.address, PATH)

    def answer(self, request: Request) -> Answer:
        """The answer to a request, in the thread of the server."""
        if request is self._accepted:
            return self._page_or_pending()
        return super().answer(request)

    def other(self, request: Request) -> Answer:
        """The answer to the browser that comes back."""
        if request.path != PATH:
            return super().other(request)
        if self._accepted:
            return page("This sign-in has been answered already", _CLOSE, status=409)
        given = dict(parse_qsl(request.query, keep_blank_values=True, max_num_fields=32))
        if not hmac.compare_digest(given.get("state", "").encode(), self.state.encode()):
            self._refused.add("an answer without the state of this sign-in was refused")
            return page(
                "This answer does not belong to the sign-in that is waiting",
                "Nobody was signed in. Start again with the address that keystead opened.",
                status=400,
            )
        self._accepted, self._given = request, given
        self._done = asyncio.get_running_loop().create_future()
        self._came.set()
        return self._page_or_pending()

    def wait(
        self,
        seconds: float,
        tell: Callable[[str], None],
        on_failure: tuple[Callable[[], bool], Callable[[], None]] | None = None,
    ) -> str:
        """The code. ``tell`` is called with what is refused meanwhile, each once; ``on_failure`` is
        whether the browser could not be opened, and what to do then.

        Raises `InteractionRequired` after ``seconds``, `ProviderError` where the service refused.
        """
        ends, shown = time.monotonic() + seconds, set[str]()
        while True:
            for refusal in self._refused - shown:
                shown.add(refusal)
                tell(refusal)
            if on_failure and on_failure[0]():
                on_failure[1]()
                on_failure = None
            if self._came.wait(max(0.0, min(TURN_SECONDS, ends - time.monotonic()))):
                break
            if time.monotonic() >= ends:
                raise InteractionRequired(
                    "nobody has signed in: the browser has not come back",
                    id="login-not-finished",
                    hint="run the command again; `--no-browser` prints the address, and "
                    "`--device` signs in by a code on any device",
                )
        issuer = self._given.get("iss")
        if issuer is not None and not self._is_issuer(issuer.rstrip("/")):
            raise ProviderError(
                "the answer to signing in names another issuer",
                id="login-issuer-wrong",
                hint="sign in again, and check `sso_start_url` and `sso_region`",
            )
        if error := self._given.get("error"):
            raise denied(error, self._given.get("error_description", ""))
        code = self._given.get("code")
        if not code:
            raise ProviderError(
                "the answer to signing in has no code", id="service-answer-unusable"
            )
        return code

    def finish(self, answer: Answer) -> None:
        """Shows the last page in the browser."""
        self._page = answer
        if done := self._done:
            with contextlib.suppress(RuntimeError):  # the server has ended
                done.get_loop().call_soon_threadsafe(done.set_result, None)

    def _page_or_pending(self) -> Answer:
        if self._page:
            return self._page
        assert self._done is not None  # noqa: S101  # since a request was accepted
        raise Pending(self._done)


def denied(error: str, description: str = "") -> KeysteadError:
    """The error for a sign-in that the person or the service refused."""
    said = one_line(": ".join(filter(None, (error, description))))[:_LONGEST]
    return ProviderError(
        f"signing in was refused: {said}",
        id="login-denied",
        hint="sign in again, and approve the request if you made it",
    )


_CLOSE = "You can close this page."


@contextlib.contextmanager
def listening(is_issuer: Callable[[str], bool], what: str) -> Iterator[Listener]:
    """Listens while the block signs in to ``what``, and shows in the browser how it ended."""
    with contextlib.ExitStack() as stack:
        try:
            listener = stack.enter_context(serving(lambda sock: Listener(sock, is_issuer)))
        except KeysteadError as error:
            raise KeysteadError(
                error.message, id=error.id, hint="sign in with `--device`, which needs no port"
            ) from None
        try:
            yield listener
        except KeysteadError as error:
            listener.finish(page(f"You are not signed in to {what}", str(error), _CLOSE))
            raise
        except BaseException:
            listener.finish(page(f"You are not signed in to {what}", _CLOSE))
            raise
        else:
            listener.finish(page(f"You are signed in to {what}", _CLOSE))
