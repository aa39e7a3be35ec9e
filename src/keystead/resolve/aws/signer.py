"""botocore's signature, dated by the time of the server instead of this machine's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from typing import Any

_VERSION = "keystead-v4"

_MOMENT: ContextVar[datetime] = ContextVar("moment")


@contextlib.contextmanager
def dated(moment: datetime) -> Iterator[None]:
    """Set the date of signatures made in the block to ``moment``."""
    token = _MOMENT.set(moment)
    try:
        yield
    finally:
        _MOMENT.reset(token)


@cache
def dated_version() -> str:
    """Botocore's name for signature version 4 with the date that `dated` says."""
    import botocore.auth

    class DatedSigV4Auth(botocore.auth.SigV4Auth):  # type: ignore[misc]  # botocore has no types
        def _modify_request_before_signing(self, request: Any) -> None:  # noqa: ANN401  # as above
            moment = _MOMENT.get().astimezone(UTC)
            request.context["timestamp"] = moment.strftime(botocore.auth.SIGV4_TIMESTAMP)
            super()._modify_request_before_signing(request)

    botocore.auth.AUTH_TYPE_MAPS[_VERSION] = DatedSigV4Auth
    return _VERSION
