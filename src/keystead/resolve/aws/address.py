"""The address that an operation is called at, as botocore finds it, without calling anything."""

from __future__ import annotations

from typing import NoReturn
from urllib.parse import urlsplit

from keystead.model.client_settings import ClientSettings
from keystead.resolve.aws.client import make_client


class _Made(Exception):
    """The request was made; it is not sent."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


def address(service: str, operation: str, client_settings: ClientSettings) -> str:
    """The scheme, host and port that the operation is sent to, or the URL that is configured.

    Raises `ValueError` where no address can be made, such as for a region that is not a host name.
    """
    from botocore import xform_name
    from botocore.exceptions import BotoCoreError

    from keystead.botocore_session import service_id

    configured = client_settings.endpoints.url(service_id(service))
    if configured:
        return configured

    def made(request: object, **_: object) -> NoReturn:
        raise _Made(str(getattr(request, "url", "")))

    try:
        client = make_client(service, None, client_settings, checked=False)
        client.meta.events.register("request-created", made)
        getattr(client, xform_name(operation))()
    except _Made as request:
        parts = urlsplit(request.url)
        return f"{parts.scheme}://{parts.netloc}"
    except BotoCoreError as error:
        raise ValueError(str(error)) from None
    raise AssertionError("a request is made for each operation")
