"""The objects in pipelines: their named properties, and how to read them.

A pipeline carries objects, hash tables, lists and texts; `property_of` reads any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from keystead.value import Value, field

if TYPE_CHECKING:
    from keystead.model.client_settings import ClientSettings
    from keystead.model.credentials import Credentials

_SIZES = ("count", "length")


class AwsObject(Value):
    """One object in a cmdlet's output.

    ``properties`` are shown in their order. ``retrieve`` returns the credentials of a credentials
    object, and is None for others; ``keys`` are set if these are fixed keys, which can be saved as
    a profile. ``text`` is the object as text, such as the name of a region; ``profile`` the profile
    of the credentials, ``client_settings`` the settings for calls with them, ``source`` their
    source in words. ``again`` has the parameters of New-AWSCredential that recreate it, ``kind``
    the name of its type if that is not the cmdlet's noun.
    """

    properties: Mapping[str, object]
    retrieve: Callable[[], Credentials] | None = field(default=None, repr=False)
    keys: Credentials | None = field(default=None, repr=False)
    text: str | None = None
    profile: str | None = None
    client_settings: ClientSettings | None = field(default=None, repr=False)
    source: str = "parameters"
    again: Mapping[str, str] | None = field(default=None, repr=False)
    kind: str | None = None

    def __str__(self) -> str:
        return self.text or f"object with {', '.join(self.properties)}"


def properties_of(value: object) -> Mapping[str, object] | None:
    """The properties that ``value`` shows, None for texts, numbers and the like."""
    if isinstance(value, AwsObject):
        return value.properties
    return value if isinstance(value, Mapping) else None


def property_of(value: object, name: str) -> object:
    """The property of that name in any letter case, None when there is none.

    For a list, its ``Count`` or the property of its items, nested lists included, as one list: None
    if empty, the item if there is one, as in PowerShell. Everything has a ``Count``.
    """
    if isinstance(value, list | tuple) and name.lower() not in _SIZES:
        found = list(_of_items(value, name))
        return found[0] if len(found) == 1 else found or None
    return _single(value, name)


def _single(value: object, name: str) -> object:
    shown = properties_of(value)
    if shown is not None and spelled(name, list(shown)) is not None:
        return own_property(value, name)
    if name.lower() not in _SIZES:
        return None
    if value is None:
        return 0
    if isinstance(value, list | tuple):
        return len(value)
    if isinstance(value, str):
        return len(value) if name.lower() == "length" else 1
    return len(value) if isinstance(value, Mapping) and name.lower() == "count" else 1


def _of_items(items: Sequence[object], name: str) -> Iterator[object]:
    """The property of the items: None for an object without it, nothing for a text."""
    for item in items:
        if isinstance(item, list | tuple):
            yield from _of_items(item, name)
            continue
        if properties_of(item) is None:
            continue
        found = own_property(item, name)
        if isinstance(found, list | tuple):
            yield from found
        else:
            yield found


def own_property(value: object, name: str) -> object:
    """The property of ``value`` itself, in any letter case; else None."""
    shown = properties_of(value)
    if shown is None:
        return None
    if name in shown:
        return shown[name]
    found = spelled(name, list(shown))
    return None if found is None else shown[found]


def spelled(name: str, known: Sequence[str]) -> str | None:
    """``name`` in the spelling of ``known``, None if it is not in it."""
    return next((other for other in known if other.lower() == name.lower()), None)
