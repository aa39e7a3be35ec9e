"""A headless Chromium, driven through ChromeDriver by the W3C's WebDriver protocol.

Debian has the driver in the version of its browser. Nothing but the loopback is reached.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element in WebDriver's answers
_ARGUMENTS = (
    "--headless=new",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-first-run",
    "--no-proxy-server",
    "--no-sandbox",  # which root cannot have
)


class Chromium:
    """One window."""

    def __init__(self, session: str) -> None:
        self._session = session

    def open(self, url: str) -> None:
        _call(f"{self._session}/url", {"url": url})

    def fill_in(self, label: str, text: str) -> None:
        """Types into the field with that label."""
        self._element(f"//label[contains(., '{label}')]//input", "value", {"text": text})

    def press(self, button: str) -> None:
        self._element(f"//button[normalize-space()='{button}']", "click", {})

    @property
    def url(self) -> str:
        return str(_call(f"{self._session}/url"))

    @property
    def text(self) -> str:
        """The text that the page shows, on one line."""
        script = {"script": "return document.body ? document.body.innerText : ''", "args": []}
        return " ".join(str(_call(f"{self._session}/execute/sync", script)).split())

    def shows(self, pattern: str, seconds: float = 20.0) -> str:
        """Waits until the page shows what matches ``pattern``; returns its text."""
        return eventually(lambda: self.text if re.search(pattern, self.text) else "", seconds)

    def _element(self, path: str, action: str, given: dict[str, Any]) -> None:
        found = _call(f"{self._session}/element", {"using": "xpath", "value": path})
        _call(f"{self._session}/element/{found[_ELEMENT]}/{action}", given)


@contextmanager
def chromium(folder: Path) -> Iterator[Chromium]:
    """Runs one with its profile in ``folder``."""
    with subprocess.Popen(
        ["chromedriver", "--port=0"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "HOME": str(folder)},
    ) as driver:
        assert driver.stdout is not None
        port = next(
            filter(None, (re.search(r"success\w* on port (\d+)", line) for line in driver.stdout))
        )
        address = f"http://127.0.0.1:{port[1]}/session"
        options = {"args": [*_ARGUMENTS, f"--user-data-dir={folder}"]}
        capabilities = {"alwaysMatch": {"goog:chromeOptions": options}}
        try:
            session = f"{address}/{_call(address, {'capabilities': capabilities})['sessionId']}"
            yield Chromium(session)
            _call(session, method="DELETE")
        finally:
            driver.terminate()


def eventually(found: Callable[[], str], seconds: float = 20.0) -> str:
    """What ``found`` returns as soon as it is not empty."""
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return value


def _call(url: str, body: object = None, method: str | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"}, method=method)
    with build_opener(ProxyHandler({})).open(request, timeout=60) as answer:
        return json.loads(answer.read())["value"]
