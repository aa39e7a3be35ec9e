"""Whether the services that credentials come from answer, and what time it is there.

A probe is one request without keys, sent as all other calls are: by botocore's HTTP client, with
the proxies of the environment.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime
from email.utils import parsedate_to_datetime

from keystead.value import NamedTuple

SECONDS = 2.0
"""How long a probe may take; all of them run at once."""


class Probe(NamedTuple):
    """The result of one request: ``reason`` for a failure, ``date`` from the server."""

    reason: str | None
    date: datetime | None = None


def probe(urls: Iterable[str], ca_bundle: str | None) -> dict[str, Probe]:
    """What comes of one request to each of ``urls``, all at once and within `SECONDS`.

    ``ca_bundle`` is the file with the certificates to trust, None for the usual ones.
    """
    found: dict[str, Probe] = {}

    def ask(url: str) -> None:
        found[url] = _ask(url, ca_bundle)

    # Threads that do not keep the process: a look-up of a name cannot be bounded or interrupted.
    threads = [threading.Thread(target=ask, args=(url,), daemon=True) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    return {url: found.get(url, Probe("timed out")) for url in urls}


def _ask(url: str, ca_bundle: str | None) -> Probe:
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError
    from botocore.httpsession import URLLib3Session
    from botocore.utils import get_environ_proxies

    try:
        session = URLLib3Session(
            verify=ca_bundle or True,
            proxies=get_environ_proxies(url),
            timeout=SECONDS,
        )
        answer = session.send(AWSRequest("GET", url).prepare())
    except BotoCoreError as error:
        return Probe(_REASONS.get(type(error).__name__, "the connection failed"))
    except Exception as error:  # noqa: BLE001  # whatever the HTTP library stumbled over
        return Probe(f"the HTTP library could not send the request ({type(error).__name__})")
    return Probe(None, _date(answer.headers.get("Date")))


_REASONS = {
    "ConnectTimeoutError": "timed out",
    "ReadTimeoutError": "timed out",
    "EndpointConnectionError": "there is no connection",
    "ConnectionClosedError": "the connection was closed",
    "ProxyConnectionError": "the proxy cannot be reached",
    "SSLError": "the certificate is not trusted",
}


def _date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return date if date and date.tzinfo else None
