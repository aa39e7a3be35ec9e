"""Converts typed values to the types of a service's model.

Text becomes a number, a time, a list; a hash table or JSON becomes a structure. Errors have
the path of the invalid value, such as ``-Filter[0].Values``.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import NoReturn

from keystead.errors import UsageError
from keystead.near import did_you_mean, near_names
from keystead.powershell.language import value_of
from keystead.powershell.objects import AwsObject
from keystead.powershell.services.model import Shape
from keystead.powershell.services.naming import singular
from keystead.secret import Secret, reveal
from keystead.value import Value

_WHOLE = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
_TRUTH = {"true": True, "$true": True, "false": False, "$false": False}
_SCALARS = frozenset({"string", "integer", "long", "float", "double", "boolean", "timestamp"})
_TYPE_NAMES = {
    "blob": "byte[]",
    "boolean": "bool",
    "integer": "int",
    "map": "hashtable",
    "timestamp": "DateTime",
}
_TEXT_FILE, _BYTES_FILE = "file://", "fileb://"


class Context(Value):
    """Access to files, and the default time zone."""

    read: Callable[[str], bytes]
    zone: tzinfo


def type_name(shape: Shape) -> str:
    """The type in words: ``String``, ``Filter[]``, ``hashtable``."""
    if shape.kind == "list":
        return f"{type_name(shape.element)}[]"
    if shape.kind == "structure":
        return "any" if shape.is_document else shape.name
    return _TYPE_NAMES.get(shape.kind, shape.kind)


def convert(shape: Shape, value: object, path: str, context: Context) -> object:
    """Convert ``value`` to ``shape``. Raises `UsageError` with the ``path`` of an invalid value."""
    if isinstance(value, AwsObject):
        value = value.properties
    if shape.is_document:
        return _parsed(value, path) if isinstance(value, str) else _plain(value)
    if shape.kind == "structure":
        return _structure(shape, value, path, context)
    if shape.kind == "list":
        return _list(shape, value, path, context)
    if shape.kind == "map":
        return _map(shape, value, path, context)
    if shape.kind == "blob":
        return _blob(value, path, context)
    if isinstance(value, Mapping | list | tuple):
        _fail(path, f"takes one {type_name(shape)}", None)
    if shape.kind == "string":
        return _string(shape, value, path, context)
    return _scalar(shape, reveal(value) if isinstance(value, Secret) else value, path, context)


def _structure(shape: Shape, value: object, path: str, context: Context) -> dict[str, object]:
    what = f"takes a hash table or JSON with the members of {shape.name}"
    given = _mapping(value, path, context, what)
    members = shape.members
    found: dict[str, object] = {}
    for key, item in given.items():
        name = _member(members, str(key))
        if name is None:
            near = near_names(str(key), members)
            hint = did_you_mean(near) if near else f"its members are {', '.join(members) or 'none'}"
            _fail(path, f"has no member `{key}`", hint)
        if item is not None:
            found[name] = convert(members[name], item, f"{path}.{name}", context)
    for name in shape.required:
        if name not in found:
            _fail(path, f"requires the member `{name}`", None)
    return found


def _member(members: Mapping[str, Shape], key: str) -> str | None:
    """The member named ``key``, in any letter case, in the singular if it is a list."""
    wanted = key.lower()
    exact = next((name for name in members if name.lower() == wanted), None)
    return exact or next((name for name in members if singular(name).lower() == wanted), None)


def _list(shape: Shape, value: object, path: str, context: Context) -> list[object]:
    element = shape.element
    items: Sequence[object]
    if isinstance(value, list | tuple):
        items = value
    elif isinstance(value, str):
        text = _text(value, path, context)
        if text.lstrip().startswith("["):
            parsed = _parsed(text, path)
            items = parsed if isinstance(parsed, list) else [parsed]
        elif element.kind in _SCALARS:
            items = [part.strip() for part in text.split(",")] if text else []
        else:
            items = [text]
    else:
        items = [value]
    return [
        convert(element, item, f"{path}[{index}]" if len(items) > 1 else path, context)
        for index, item in enumerate(items)
    ]


def _map(shape: Shape, value: object, path: str, context: Context) -> dict[object, object]:
    given = _mapping(value, path, context, "takes a hash table or a JSON object")
    key = shape.key
    return {
        convert(key, str(name), path, context): convert(
            shape.element, item, f"{path}.{name}", context
        )
        for name, item in given.items()
    }


def _mapping(value: object, path: str, context: Context, what: str) -> Mapping[object, object]:
    given = _parsed(_text(value, path, context), path) if isinstance(value, str) else value
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    return given if isinstance(given, Mapping) else _fail(path, what, None)


def _blob(value: object, path: str, context: Context) -> bytes:
    if isinstance(value, Secret):
        return reveal(value).encode()
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        for mark in (_BYTES_FILE, _TEXT_FILE):
            if value.startswith(mark):
                return context.read(value.removeprefix(mark))
        return value.encode()
    if isinstance(value, list | tuple) and all(isinstance(item, int) for item in value):
        with contextlib.suppress(ValueError):
            return bytes(item for item in value if isinstance(item, int))
    return _fail(path, "takes text, bytes or the path of a file", "give a file as fileb://PATH")


def _string(shape: Shape, value: object, path: str, context: Context) -> str:
    if isinstance(value, Secret):
        return reveal(value)
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, datetime):
        text = value.isoformat()
    else:
        text = _text(str(value), path, context)
    return next((known for known in shape.values if known.lower() == text.lower()), text)


def _scalar(shape: Shape, value: object, path: str, context: Context) -> object:
    text = str(value).strip()
    if shape.kind == "boolean":
        truth = value if isinstance(value, bool) else _TRUTH.get(text.lower())
        return truth if truth is not None else _fail(path, "takes $true or $false", None)
    if shape.kind == "timestamp":
        return _moment(value, text, path, context)
    if isinstance(value, bool):
        _fail(path, "takes a number, not true or false", None)
    if shape.kind in ("integer", "long"):
        if isinstance(value, int):
            return value
        return int(text) if _WHOLE.fullmatch(text) else _fail(path, "must be a whole number", None)
    try:
        return float(text)
    except ValueError:
        return _fail(path, "takes a number", None)


def _moment(value: object, text: str, path: str, context: Context) -> datetime:
    try:
        if isinstance(value, datetime):
            found = value
        elif _WHOLE.fullmatch(text):
            return datetime.fromtimestamp(int(text), UTC)
        else:
            found = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        _fail(path, "takes a time", "write it as 2030-01-31T12:00:00Z")
    return found if found.tzinfo else found.replace(tzinfo=context.zone)


def _text(value: str, path: str, context: Context) -> str:
    """``value``, or the text of the file that it names as ``file://PATH``."""
    if not value.startswith(_TEXT_FILE):
        return value
    try:
        return context.read(value.removeprefix(_TEXT_FILE)).decode("utf-8-sig")
    except UnicodeDecodeError:
        _fail(path, "names a file whose text is not UTF-8", None)


def _parsed(text: str, path: str) -> object:
    if text.lstrip().startswith("@{"):  # as one word of a command line
        return value_of(text)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        _fail(
            path,
            "is not valid JSON",
            "write a hash table as @{Name='x'} or JSON as '{\"Name\": \"x\"}'",
        )


def _plain(value: object) -> object:
    if isinstance(value, AwsObject):
        value = value.properties
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return reveal(value) if isinstance(value, Secret) else value


def _fail(path: str, what: str, hint: str | None) -> NoReturn:
    raise UsageError(f"`{path}` {what}", id="invalid-parameter-value", hint=hint)
