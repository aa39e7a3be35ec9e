"""Names of profiles for accounts and roles: templates, and different names for all. Pure.

Of a field, the letters A to Z, digits and ``_ . @ + -`` stay. Accents are removed, other letters
and digits are percent-encoded, and everything between becomes one ``-``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from keystead.errors import KeysteadError
from keystead.model.ordinal_case import folded
from keystead.model.role_reference import percent_encoded
from keystead.model.validation import check_profile_name
from keystead.value import NamedTuple, Value

DEFAULT_TEMPLATE = "{account_name}-{role_name}"
FIELDS = ("session", "account_id", "account_name", "email", "role_name", "region")

_FIELD = re.compile(r"\{([^{}]*)\}")
_PLAIN = re.compile(r"[A-Za-z0-9_.@+-]*")
_OTHER = re.compile(r"[^A-Za-z0-9_.@+%-]+")
_LONGEST = 100
"""The most characters of a field that are used."""
_LIKE_A_KEY = re.compile(r"[A-Za-z0-9/+=]{40,}")
"""What is refused in names as it may be a secret key."""
_PIECE = 32
_RESERVED = ("default", "__proto__")
"""Names with another meaning, in any letter case."""


class NameTemplate(Value):
    """A template such as ``{account_name}-{role_name}``."""

    text: str

    @classmethod
    def parse(cls, text: str) -> NameTemplate:
        """The template. Raises `ValueError`, whose text is to follow the name of the value."""
        fields = _FIELD.findall(text)
        unknown = next((field for field in fields if field not in FIELDS), None)
        if unknown is not None:
            raise ValueError(f"has the unknown field `{{{unknown}}}`; there are {_ALL_FIELDS}")
        if "role_name" not in fields and not {"account_id", "account_name"} & set(fields):
            raise ValueError("has neither the account nor the role in it")
        literal = _FIELD.sub("", text)
        try:
            check_profile_name(_FIELD.sub("x", text), shared=True)
        except KeysteadError:
            literal = "{"
        if {"{", "}", "[", "]"} & set(literal) or text.startswith("-"):
            raise ValueError("gives names that no profile can have")
        return cls(text)

    def name(self, fields: Mapping[str, str]) -> str:
        """The name for these fields; the id of the account where all of them are empty."""
        made = _FIELD.sub(lambda match: safe(fields.get(match[1], "")), self.text).strip()
        made = _without_key_likeness(made)
        return fields["account_id"] if made.startswith("-") or not made.strip("-") else made


_ALL_FIELDS = ", ".join(f"`{{{field}}}`" for field in FIELDS)


def _in_ascii(char: str) -> str:
    if char.isascii():
        return "-" if char == "%" else char
    return percent_encoded(char) if char.isalnum() else "-"


def _without_key_likeness(text: str) -> str:
    """``text`` with a ``-`` within each run that may be a secret key, which no name may have."""

    def in_pieces(run: re.Match[str]) -> str:
        return "-".join(run[0][at : at + _PIECE] for at in range(0, len(run[0]), _PIECE))

    return _LIKE_A_KEY.sub(in_pieces, text)


@lru_cache(4096)  # roles have the same names in thousands of accounts
def safe(text: str) -> str:
    """The form of a field that is valid in a name of a profile; see the module's docstring."""
    text = text[:_LONGEST]
    if not _PLAIN.fullmatch(text):
        from unicodedata import combining, normalize

        chars = (char for char in normalize("NFKD", text) if not combining(char))
        text = "".join(map(_in_ascii, chars))
        text = _OTHER.sub("-", text)
    return _without_key_likeness(text.strip("-"))


class Wanted(NamedTuple):
    """A role of an account, and the name that the template gives."""

    name: str
    account_id: str
    role: str


_FORMS: tuple[Callable[[Wanted], str], ...] = (
    lambda wanted: wanted.name,
    lambda wanted: f"{wanted.name}-{safe(wanted.account_id)}",
    lambda wanted: f"{wanted.name}-{safe(wanted.account_id)}-{safe(wanted.role)}",
)
"""The names to try, in order."""


def different_names(wanted: Sequence[Wanted], taken: Iterable[str]) -> list[str]:
    """A name for each of ``wanted``, none of them in ``taken``, in any letter case.

    Where several want one name, each gets its account's id appended; where that is not enough, the
    role, then a number. The order of ``wanted`` does not matter.
    """
    used = {*map(folded, _RESERVED), *map(folded, taken)}
    names: dict[int, str] = {}
    left: Sequence[int] = range(len(wanted))
    for form in _FORMS:
        made = {number: form(wanted[number]) for number in left}
        keys = {number: folded(name) for number, name in made.items()}
        counts = Counter(keys.values())
        free = [n for n in left if counts[keys[n]] == 1 and keys[n] not in used]
        names |= {number: made[number] for number in free}
        used.update(keys[number] for number in free)
        left = [number for number in left if number not in names]
    following: dict[str, int] = {}
    for number in sorted(left, key=lambda n: wanted[n][1:]):
        name = _FORMS[-1](wanted[number])
        count = following.get(folded(name), 2)
        while folded(f"{name}-{count}") in used:
            count += 1
        following[folded(name)] = count + 1
        names[number] = f"{name}-{count}"
        used.add(folded(names[number]))
    return [names[number] for number in range(len(wanted))]
