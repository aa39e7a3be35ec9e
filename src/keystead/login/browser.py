"""Sends a person to a page, in the browser of this machine or by showing the address."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from keystead.browser.launch import open_page
from keystead.login.listener import Listener, listening
from keystead.login.options import Context


def by_code(listener: Listener, address: str, what: str, context: Context) -> str:
    """The code that the browser comes back with from the page at ``address``.

    Raises as `Listener.wait`.
    """
    screen, options = context.screen, context.options

    def show() -> None:
        screen.tell(f"open this address in a browser of this machine to sign in to {what}:")
        screen.show(address)

    if not options.opens_browser:
        show()
        return listener.wait(options.patience, screen.tell)
    screen.tell(f"signing in to {what} in the browser")
    browser = open_page(context.system, listener.redirect_once(address))
    return listener.wait(options.patience, screen.tell, (browser.has_failed, show))


@contextlib.contextmanager
def open_at_once(address: str, what: str, context: Context, *, opens: bool) -> Iterator[None]:
    """With ``opens``, opens the page at ``address`` in the browser, and goes on."""
    if not opens:
        yield
        return
    with listening(bool, what) as listener:
        open_page(context.system, listener.redirect_once(address))
        yield
