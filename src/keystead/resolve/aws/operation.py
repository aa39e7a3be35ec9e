"""Any operation of any AWS service: one answer, or page after page of a long list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from keystead.errors import KeysteadError, ProviderError, UsageError
from keystead.model.client_settings import ClientSettings
from keystead.model.credentials import Credentials
from keystead.resolve.aws.client import answer_of, dated, explained, failures, make_client, misfit
from keystead.system import System

_READ_SECONDS = 60
_LONG_SECONDS = 910
_TAKE_LONG = {("lambda", "Invoke"), ("lambda", "InvokeWithResponseStream")}


@dataclass(frozen=True)
class Call:
    """An operation with everything that it takes.

    ``credentials`` None leaves the request unsigned; ``endpoint_url`` takes precedence over the
    addresses of ``client_settings``.
    """

    service: str
    operation: str
    parameters: Mapping[str, Any] = field(repr=False)
    credentials: Credentials | None
    client_settings: ClientSettings
    system: System = field(repr=False)
    endpoint_url: str | None = None

    def answers(self, *, paged: bool = False) -> Iterator[dict[str, Any]]:
        """The answer, or the answers page by page.

        Raises `ProviderError` with the service's code and the id of the request; the pages before
        it are out by then.
        """
        from botocore import xform_name

        client = None
        try:
            long = (self.service, self.operation) in _TAKE_LONG
            client = make_client(
                self.service,
                self.credentials,
                self.client_settings,
                self.endpoint_url,
                read_seconds=_LONG_SECONDS if long else _READ_SECONDS,
            )
            method = xform_name(self.operation)
            if not paged:
                with dated(self.service, self.credentials, self.system):
                    answer = getattr(client, method)(**self.parameters)
                yield answer
            else:
                pages = client.get_paginator(method)
                yield from pages.paginate(**self.parameters)
        except failures() as error:
            raise self._told(error, begun=client is not None) from None

    def _told(self, error: Exception, *, begun: bool) -> KeysteadError:
        import botocore.exceptions

        if isinstance(error, botocore.exceptions.ParamValidationError):
            return UsageError(
                f"{self.operation} cannot be sent: {misfit(error)}", id="parameters-invalid"
            )
        what = (self.service, self.operation, self.credentials, self.parameters)
        told = explained(error, *what, begun=begun)
        metadata = answer_of(error).get("ResponseMetadata", {})
        if not metadata.get("RequestId"):
            return told
        text = f"{told.message} (request id {metadata['RequestId']})"
        return ProviderError(text, id=told.id, hint=told.hint, code=told.code)
