"""Whether the services that credentials come from answer, and what time it is there.

A probe is one request without keys, sent as all other calls are: by botocore's HTTP client, with
the proxies and certificates of the environment.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from keystead.botocore_session import isolated_session
from keystead.model.calls import FALLBACK_REGION
from keystead.model.endpoints import Endpoints

SECONDS = 2.0
"""How long a probe may take; all of them run at once."""


class Probe(NamedTuple):
    """What came of one request: ``reason`` says why nothing did, ``date`` is the server's."""

    reason: str | None
    date: datetime | None = None


def address(
    service: str, region: str | None, endpoints: Endpoints, environ: Mapping[str, str]
) -> str:
    """The address that a service is called at: one that is set, else AWS's for the region.

    Raises `ValueError` for a region in which no address can be made.
    """
    configured = endpoints.url(service, environ)
    if configured:
        return configured
    from botocore import UNSIGNED
    from botocore.config import Config

    client = isolated_session().create_client(
        service,
        region_name=region or FALLBACK_REGION,
        config=Config(signature_version=UNSIGNED),
    )
    return str(client.meta.endpoint_url)


def probe(urls: Iterable[str], environ: Mapping[str, str]) -> dict[str, Probe]:
    """What comes of one request to each of ``urls``, all at once and within `SECONDS`."""
    found: dict[str, Probe] = {}

    def ask(url: str) -> None:
        found[url] = _ask(url, environ)

    # Threads that do not keep the process: a look-up of a name cannot be bounded or interrupted.
    threads = [threading.Thread(target=ask, args=(url,), daemon=True) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    return {url: found.get(url, Probe("timed out")) for url in urls}


def _ask(url: str, environ: Mapping[str, str]) -> Probe:
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError
    from botocore.httpsession import URLLib3Session
    from botocore.utils import get_environ_proxies

    try:
        session = URLLib3Session(
            verify=environ.get("AWS_CA_BUNDLE") or True,
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
