"""Names without letter case, as the AWS SDK for .NET compares them in the encrypted store.

.NET's ``StringComparison.OrdinalIgnoreCase`` maps each character by itself to upper case, by
Unicode's simple mapping. So a sharp s is not ``SS``, a dotless i is not ``I`` and a long s is not
``S``, which Python's `str.casefold` and `str.upper` make of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

_ITSELF = "\N{LATIN SMALL LETTER DOTLESS I}\N{LATIN SMALL LETTER LONG S}"
"""Characters that .NET does not change although Unicode has an upper case for them."""


def folded(name: str) -> str:
    """The form of a name that is the same for all names that .NET considers equal."""
    if name.isascii():
        return name.upper()
    return "".join(map(_upper, name))


def _upper(char: str) -> str:
    if char in _ITSELF:
        return char
    # Python maps to several characters where it can; the simple mapping of a Greek letter with
    # an iota below is its title case then, and other such characters have none.
    mapped = (char.upper(), char.title())
    return next((upper for upper in mapped if len(upper) == 1), char)


def clash(names: Collection[str]) -> str | None:
    """The error for a profile with several spellings, ``names``; None for one spelling.

    ``names`` are spellings that `folded` makes the same.
    """
    if len(names) < 2:  # noqa: PLR2004  # one spelling, or none
        return None
    shown = " and ".join(f"`{name}`" for name in names)
    return (
        f"the names {shown} differ by letter case alone, and the AWS SDK for .NET, whose format "
        "the encrypted store has, takes them for one; rename or remove one of them"
    )


class NameSet(Collection[str]):
    """Names of the encrypted store, found in any letter case."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(names)
        self._folded = set(map(folded, self._names))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and folded(name) in self._folded

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
