"""Local servers that deliver credentials: their valid addresses, requests and retries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from keystead.errors import ProfileInvalid
from keystead.system import System, http
from keystead.value import Value

PAUSE_SECONDS = 1.0
"""Between two attempts."""

_PRINTABLE = re.compile(r"[!-~]+")


class Endpoint(Value):
    """An address to ask; ``host`` is its host name or IP address."""

    url: str
    secure: bool
    host: str
    place: str
    """Host and port, as an error may show them."""

    @classmethod
    def parse(cls, url: str, what: str) -> Endpoint:
        """The endpoint at ``url``. Raises `ProfileInvalid` naming ``what``, never the address:
        it may hold a user and password.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ProfileInvalid(f"{what} is not an address", id="invalid-address") from None
        if not _PRINTABLE.fullmatch(url) or parts.scheme not in ("http", "https"):
            raise ProfileInvalid(f"{what} is not an http or https address", id="invalid-address")
        if not parts.hostname or "@" in parts.netloc:
            raise ProfileInvalid(f"{what} must be an address without a path", id="invalid-address")
        place = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        place += f":{port}" if port is not None else ""
        return cls(url, parts.scheme == "https", parts.hostname, place)


def ask(
    system: System,
    method: str,
    url: str,
    headers: Mapping[str, str],
    *,
    seconds: float,
    attempts: int,
) -> http.Answer:
    """The answer, after up to ``attempts`` where the server is not reached or answers with 5xx.

    Raises `http.Unreachable`.
    """
    ca_bundle = system.environ.get("AWS_CA_BUNDLE") or None
    for left in reversed(range(attempts)):
        try:
            answer = http.ask(method, url, headers, seconds=seconds, ca_bundle=ca_bundle)
        except http.Unreachable:
            if not left:
                raise
        else:
            if answer.status < 500 or not left:  # noqa: PLR2004  # a server's own failure
                return answer
        system.sleep(PAUSE_SECONDS)
    raise AssertionError("there is at least one attempt")
