"""Selects the output of a cmdlet from the answer of its service.

If one member remains without those for paging, it is the output; a list object by object. Secrets
stay `Secret` objects, and bytes become text.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Protocol, runtime_checkable

from keystead.errors import UsageError
from keystead.near import did_you_mean, near_names
from keystead.powershell.objects import AwsObject
from keystead.powershell.services.model import Operation, Shape
from keystead.powershell.services.name_overrides import COLUMNS, OUTPUTS
from keystead.powershell.services.parameters import secret
from keystead.secret import Secret
from keystead.secret import reveal as opened_text

_PAGING_MEMBERS = """
nexttoken nextpagetoken pagetoken marker nextmarker istruncated hasmoreresults paginationtoken
maxresults maxitems maxrecords limit requestid responsemetadata nextcontinuationtoken
continuationtoken
"""
_PAGING = frozenset(_PAGING_MEMBERS.split())
# Not every model marks them sensitive.
_ALWAYS_SECRET = frozenset({"secretaccesskey", "sessiontoken", "secretkey"})

_MAKES = ("Create", "Generate", "Regenerate", "Reset")

WHOLE = "*"


@runtime_checkable
class Stream(Protocol):
    """A streamed body of an answer."""

    def read(self) -> bytes:
        """All of it."""


def chosen(operation: Operation) -> str:
    """The member of the answer that is the cmdlet's output; `WHOLE` for all of it."""
    known = OUTPUTS.get((operation.service.name, operation.name))
    if known or operation.output is None:
        return known or WHOLE
    paging = operation.paging
    tokens = {token.lower() for token in (*paging.tokens_out, *paging.tokens_in)} if paging else ()
    rest = [
        name
        for name in operation.output.members
        if name.lower() not in _PAGING and name.lower() not in tokens
    ]
    if len(rest) == 1:
        return rest[0]
    if paging and len(paging.results) == 1 and paging.results[0] in operation.output.members:
        return paging.results[0]
    return WHOLE


def properties(operation: Operation) -> tuple[str, ...]:
    """The property names of the objects that the cmdlet outputs."""
    shape, path = operation.output, chosen(operation)
    if shape is not None and path != WHOLE:
        shape = select(shape, {}, path)[0]
    if shape is not None and shape.kind == "list":
        shape = shape.element
    columns = COLUMNS.get((operation.service.name, operation.name), ())
    return columns or (tuple(shape.members) if shape is not None else ())


def returns_secret_once(operation: Operation) -> bool:
    """Whether the operation creates a secret that only its answer has."""
    path = chosen(operation)
    if operation.output is None or not operation.name.startswith(_MAKES):
        return False
    shape = operation.output if path == WHOLE else select(operation.output, {}, path)[0]
    return any(_is_secret(name, row) for name, row in shape.members.items())


def select(shape: Shape, answer: object, path: str) -> tuple[Shape, object]:
    """The value at ``path`` in an answer, such as ``Account.Name``, in any letter case.

    In a list the rest of the path applies to each object. Raises `UsageError` for an unknown
    member.
    """
    name, _, rest = path.partition(".")
    if shape.kind == "list":
        items = answer if isinstance(answer, list) else []
        found = [select(shape.element, item, path) for item in items]
        inner = found[0][0] if found else shape.element
        return inner, [item for _, item in found if item is not None]
    members = shape.members
    member = next((known for known in members if known.lower() == name.lower()), None)
    if member is None:
        near = near_names(name, members)
        hint = did_you_mean(near) if near else f"its members are {', '.join(members) or 'none'}"
        raise UsageError(f"the answer has no member `{name}`", id="unknown-property", hint=hint)
    value = answer.get(member) if isinstance(answer, Mapping) else None
    return select(members[member], value, rest) if rest else (members[member], value)


def shown(shape: Shape | None, value: object, name: str = "", *, reveal: bool = False) -> object:
    """``value`` as output: plain text, numbers, times, lists and tables.

    Secrets become `Secret` objects unless ``reveal``.
    """
    if shape is not None and shape.kind == "structure" and isinstance(value, Mapping):
        members = shape.members
        return {
            key: shown(members.get(key), item, key, reveal=reveal) for key, item in value.items()
        }
    if isinstance(value, Mapping):
        inner = shape.element if shape is not None and shape.kind == "map" else None
        return {str(key): shown(inner, item, name, reveal=reveal) for key, item in value.items()}
    if isinstance(value, list | tuple):
        inner = shape.element if shape is not None and shape.kind == "list" else None
        return [shown(inner, item, name, reveal=reveal) for item in value]
    if isinstance(value, Stream):
        value = value.read()
    elif isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [shown(shape, item, name, reveal=reveal) for item in value]  # a stream of events
    hidden = _is_secret(name, shape)
    if isinstance(value, bytes):
        value = _text_of(value)
    return Secret(value) if hidden and not reveal and isinstance(value, str) else value


def whole(operation: Operation, answer: Mapping[str, object]) -> object:
    """A whole answer for ``$AWSHistory``, without streamed bodies."""
    rest = {
        name: item
        for name, item in answer.items()
        if isinstance(item, str | bytes | list | dict) or not isinstance(item, Stream | Iterable)
    }
    return shown(operation.output, rest)


def holds_secret(value: object) -> bool:
    """Whether a `Secret` is anywhere in ``value``."""
    if isinstance(value, AwsObject):
        return holds_secret(value.properties)
    if isinstance(value, Mapping):
        return any(holds_secret(item) for item in value.values())
    if isinstance(value, list):
        return any(holds_secret(item) for item in value)
    return isinstance(value, Secret)


def as_json(value: object) -> str | Secret:
    """``value`` as indented JSON, times in ISO 8601; a `Secret` that masks its secrets, if any."""
    text = _dumped(value, str)
    return Secret(_dumped(value, opened_text), shown=text) if holds_secret(value) else text


def _dumped(value: object, opened: Callable[[Secret], str]) -> str:
    def plain(item: object) -> str:
        if isinstance(item, Secret):
            return opened(item)
        return item.isoformat() if isinstance(item, datetime) else str(item)

    return json.dumps(value, indent=2, default=plain, ensure_ascii=False)


def objects(value: object) -> Iterator[object]:
    """A list object by object, anything else unchanged; nothing for None."""
    if isinstance(value, list):
        yield from value
    elif value is not None and value != {}:
        yield value


def _is_secret(name: str, shape: Shape | None) -> bool:
    return name.lower() in _ALWAYS_SECRET or (shape is not None and secret(name, shape))


def _text_of(data: bytes) -> str:
    """Bytes as text, or in base64 if they are not text."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return base64.b64encode(data).decode()
