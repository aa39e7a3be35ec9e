"""What a browser does with the pages of the local services; as a program, it signs in.

``python -m keystead.testing.browser URL`` can be the value of ``BROWSER``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import ProxyHandler, build_opener

from keystead.value import NamedTuple

_SECONDS = 30.0
_UNSEEN = {"head", "script", "style", "title"}
_VOID = {"br", "hr", "img", "input", "link", "meta"}


class Page(NamedTuple):
    """A page: its address after redirects, its HTTP status, its HTML."""

    url: str
    status: int
    html: str

    @property
    def text(self) -> str:
        """The text of the page without its tags, on one line."""
        return " ".join("".join(_parsed(self).text).split())

    @property
    def code(self) -> str:
        """The code that the page shows to be copied; empty where there is none."""
        return "".join(_parsed(self).code)


def open_page(url: str, data: Mapping[str, str] | None = None) -> Page:
    """The page at ``url`` after all redirects; ``data`` is sent as a form."""
    sent = None if data is None else urlencode(data).encode()
    try:
        with build_opener(ProxyHandler({})).open(url, sent, _SECONDS) as answer:
            return Page(answer.url, answer.status, answer.read().decode())
    except HTTPError as error:
        with error:
            return Page(error.url, error.code, error.read().decode())


def submit(page: Page, fields: Mapping[str, str], *, approve: bool = True) -> Page:
    """Fills in the form of ``page``, presses a button, and returns the page after it.

    Raises `KeyError` for a field of the form that is not in ``fields``.
    """
    found = _parsed(page)
    data = {**found.hidden, **{name: fields[name] for name in found.fields}}
    if found.buttons:
        data["decision"] = "approve" if approve else "deny"
    action = urljoin(page.url, found.action)
    if found.method == "get":
        return open_page(f"{action}?{urlencode(data)}")
    return open_page(action, data)


def sign_in(url: str, person: str = "ada", *, approve: bool = True, user_code: str = "") -> Page:
    """Opens ``url``, fills in the forms of the service it leads to and returns the last page."""
    page = open_page(url)
    fields, service = {"person": person, "user_code": user_code}, urlsplit(page.url).netloc
    while _parsed(page).action and urlsplit(page.url).netloc == service:
        page = submit(page, fields, approve=approve)
    return page


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.action = self.method = ""
        self.hidden: dict[str, str] = {}
        self.fields: list[str] = []
        self.buttons: list[str] = []
        self.text: list[str] = []
        self.code: list[str] = []
        self._tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action, self.method = given["action"], given["method"]
        elif tag == "input" and given.get("type") == "hidden":
            self.hidden[given["name"]] = given["value"]
        elif tag == "input":
            self.fields.append(given["name"])
        elif tag == "button":
            self.buttons.append(given["value"])
        if tag not in _VOID:
            self._tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while tag in self._tags and self._tags.pop() != tag:
            pass
        self.text.append(" ")

    def handle_data(self, data: str) -> None:
        if not _UNSEEN.intersection(self._tags):
            self.text.append(data)
        if self._tags and self._tags[-1] == "code":
            self.code.append(data)


def _parsed(page: Page) -> _Parser:
    parser = _Parser()
    parser.feed(page.html)
    return parser


def main() -> None:
    """Signs in as a browser with a person would."""
    parser = argparse.ArgumentParser(prog="python -m keystead.testing.browser")
    parser.add_argument("url", help="the address that a browser is opened with")
    parser.add_argument("--person", default="ada", help="who signs in (default: %(default)s)")
    parser.add_argument("--deny", action="store_true", help="press the other button")
    given = parser.parse_args()
    page = sign_in(given.url, given.person, approve=not given.deny)
    sys.stdout.write(f"{page.text}\n")


if __name__ == "__main__":
    main()
