"""The properties of any value that a pipeline carries: objects, hash tables, lists, texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

from keystead.cmdlets.objects import AwsObject

_SIZES = ("count", "length")


def properties_of(value: object) -> Mapping[str, object] | None:
    """The properties that ``value`` shows, None for texts, numbers and the like."""
    if isinstance(value, AwsObject):
        return value.properties
    return value if isinstance(value, Mapping) else None


def property_of(value: object, name: str) -> object:
    """The property of that name in any letter case, None when there is none.

    A list has a ``Count``; for other names it gives those of its items, as PowerShell does.
    """
    shown = properties_of(value)
    if shown is not None:
        found = own_property(value, name)
        return len(shown) if found is None and name.lower() == "count" else found
    if isinstance(value, list | tuple):
        if name.lower() in _SIZES:
            return len(value)
        found = [property_of(item, name) for item in value]
        return [item for item in found if item is not None] or None
    if isinstance(value, str) and not isinstance(value, Enum) and name.lower() == "length":
        return len(value)
    return None


def own_property(value: object, name: str) -> object:
    """The property of that name which ``value`` itself shows, in any letter case; else None."""
    shown = properties_of(value)
    if shown is None:
        return None
    if name in shown:
        return shown[name]
    found = spelled(name, list(shown))
    return None if found is None else shown[found]


def spelled(name: str, known: Sequence[str]) -> str | None:
    """``name`` as ``known`` spells it, None when it is not among them."""
    return next((other for other in known if other.lower() == name.lower()), None)
