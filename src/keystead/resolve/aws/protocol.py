"""What the protocols of services have in common: a request, and a page of a failing server.

A protocol is a module with ``OPERATIONS``, ``is_valid``, ``request``, ``result`` and ``refusal``.
"""

from __future__ import annotations

from collections.abc import Mapping

from keystead.system.http import Answer
from keystead.value import Value, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FAILURES = 500


class Request(Value):
    """A request; ``target`` is the path and the query."""

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)


def failing(answer: Answer) -> dict[str, Any] | None:
    """The refusal of a server that fails without words, such as a load balancer; else None."""
    page = answer.body.strip()
    if answer.status < _FAILURES or (page and not page.startswith(b"<html>")):
        return None
    from http import HTTPStatus

    known = {row.value: row.phrase for row in HTTPStatus}
    error = {"Code": str(answer.status), "Message": known.get(answer.status, "")}
    return {"Error": error, "ResponseMetadata": {}}
