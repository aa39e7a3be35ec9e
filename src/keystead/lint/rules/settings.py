"""Rules on settings: invalid names, repeated names, invalid values."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial

from keystead.lint.finding import ERROR, REFUSED, WARNING, Problem, Readers
from keystead.lint.subject import Shared, rule, shown
from keystead.lint.view import Block, View, text_rule
from keystead.model.dotnet import TYPED, Hides, hidden_by
from keystead.model.settings import SETTINGS
from keystead.model.validation import is_identifier
from keystead.near import near_names
from keystead.text.pieces import Nested, Property

_ALIKE = 0.8
"""The minimum likeness of an unknown key to a setting for a misspelling."""

# Settings of other tools whose names are similar to one of the table.
_OF_OTHERS = frozenset({"aws_security_token", "sso_account_name", "account_id"})

_Item = Property | Nested


@text_rule(
    "duplicate-key",
    ERROR,
    "a key is set twice in a section",
    readers=Readers(
        "the last one is used",
        REFUSED,
        "the last one is used",
        "section hidden",
        "Go: the last one is used",
    ),
)
def duplicate_key(view: View) -> Iterator[Problem]:
    for block in view.blocks:
        yield from _repeated(view, block, block.items, alike=True)


@text_rule(
    "key-spelling",
    ERROR,
    "a key is set twice in a section, in two spellings",
    readers=Readers("one key", REFUSED, "two keys", "section hidden"),
)
def key_spelling(view: View) -> Iterator[Problem]:
    for block in view.blocks:
        yield from _repeated(view, block, block.items, alike=False)


@text_rule("duplicate-nested-key", WARNING, "a key is set twice in a nested block")
def duplicate_nested_key(view: View) -> Iterator[Problem]:
    for block, item in view.settings():
        for alike in (True, False):
            yield from _repeated(view, block, tuple(view.entries(item)), alike=alike)


def _repeated(
    view: View, block: Block, items: tuple[_Item, ...], *, alike: bool
) -> Iterator[Problem]:
    """The items with a repeated key, in the same spelling or in another."""
    known: dict[str, _Item] = {}
    for item in items:
        first = known.setdefault(item.name.lower(), item)
        if first is item or (first.name == item.name) is not alike:
            continue
        above, line = view.line(first.span.start), view.line(item.span.start)
        message = f"{shown(item.name)} is in line {above} already"
        if not alike:
            message = f"{shown(item.name)} and {shown(first.name)} of line {above} are one"
        fix = f"keep one of the lines {above} and {line}"
        yield view.at(item.span.start, message, fix, block)


@text_rule(
    "upper-case-key",
    WARNING,
    "a key has upper-case letters",
    fix="write it in lower case",
    readers=Readers(
        "accepted",
        "accepted, in a nested block another key",
        "not read",
        "accepted",
        "Go v1: not read",
    ),
)
def upper_case_key(view: View) -> Iterator[Problem]:
    for block, item in _items(view):
        if is_identifier(item.name) and item.name != item.name.lower():
            yield view.at(item.span.start, f"{shown(item.name)} has upper-case letters", "", block)


@text_rule(
    "invalid-key",
    WARNING,
    "a key has characters that keys may not have",
    fix="use letters, digits and _ - / . % @ : + for the name",
    readers=Readers("skipped", "read", "read", "read"),
)
def invalid_key(view: View) -> Iterator[Problem]:
    for block, item in _items(view):
        # Without the name, which may be a secret that contains `=`.
        if not is_identifier(item.name) and (isinstance(item, Nested) or ":" not in item.name):
            message = "the name of a setting is not valid, so the setting is skipped"
            yield view.at(item.span.start, message, "", block)


@text_rule(
    "colon-in-key",
    WARNING,
    "a key has a colon",
    fix="write `name = value`",
    readers=Readers(
        "part of the key",
        "ends the key, at its beginning whole file refused",
        "part of the key",
        "part of the key",
    ),
)
def colon_in_key(view: View) -> Iterator[Problem]:
    for block in view.blocks:
        for item in block.items:
            if ":" in item.name and is_identifier(item.name):
                message = "a key has a colon, which ends it for some readers"
                yield view.at(item.span.start, message, "", block)


@text_rule(
    "empty-value",
    WARNING,
    "a key has no value",
    fix="add one, or remove the line",
    readers=Readers(
        "exists",
        "exists",
        "vanishes",
        "exists, and hides the profile where it should be a switch, a choice or a number",
        "keystead: exists and sets nothing",
        "as 4.1, and a `region` hides the list of all profiles",
    ),
)
def empty_value(view: View) -> Iterator[Problem]:
    for block, item in _items(view):
        if not item.value and not (isinstance(item, Property) and item.nested):
            yield view.at(item.span.start, f"{shown(item.name)} has no value", "", block)


def _items(view: View) -> Iterator[tuple[Block, _Item]]:
    """The settings and the lines of their nested blocks."""
    for block, item in view.settings():
        yield block, item
        yield from ((block, entry) for entry in view.entries(item))


@rule(
    "quoted-value",
    WARNING,
    "a value is in quotes, which are part of it for every reader",
    fix="remove the quotes",
)
def quoted_value(shared: Shared) -> Iterator[Problem]:
    for sections, are_profiles in shared.of_files():
        for key in sections.by_setting:
            for name, _, where in sections.texts(key, partial(_is_quoted, key)):
                message = f"the quotes are part of the value of {shown(key)}"
                yield Problem(where, message, profile=name if are_profiles else None)


@rule(
    "value-shape",
    ERROR,
    "a value is not one that the setting can have",
    readers=Readers(
        "an error where it is used",
        "an error where it is used",
        dotnet="profile hidden for a switch, a choice or a number, the list of all for a "
        "region or an address of the metadata service",
    ),
)
def value_shape(shared: Shared) -> Iterator[Problem]:
    for sections, are_profiles in shared.of_files():
        for key in sections.by_setting.keys() & SETTINGS.keys() - {"credential_source"}:
            for name, value, where in sections.texts(key, partial(_is_misshapen, key)):
                profile = name if are_profiles else None
                hidden = hidden_by(key, value) if profile else None
                hides = f", and {hidden.consequence(name)}" if hidden else ""
                message = f"the value of `{key}` is not valid{hides}"
                yield Problem(where, message, f"write one that fits: {SETTINGS[key].rule}", profile)


def _is_misshapen(key: str, value: str) -> bool:
    return not _is_quoted(key, value) and not SETTINGS[key].fits(value)


def _is_quoted(key: str, value: str) -> bool:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return quoted and key != "credential_process"


@rule(
    "hidden-from-dotnet",
    WARNING,
    "the .NET SDK cannot convert a value, and does not find the profile",
    readers=Readers(
        "read",
        "read",
        dotnet="profile hidden, for `retry_mode = legacy` too",
        dotnet_3="profile hidden, `retry_mode = legacy` is read",
    ),
)
def hidden_from_dotnet(shared: Shared) -> Iterator[Problem]:
    return _hidden(shared, everything=False)


@rule(
    "list-hidden-from-dotnet",
    WARNING,
    "the .NET SDK cannot convert a value, and lists no profile of any name",
    readers=Readers("read", "read", dotnet="the list of all profiles is refused"),
)
def list_hidden_from_dotnet(shared: Shared) -> Iterator[Problem]:
    return _hidden(shared, everything=True)


def _hidden(shared: Shared, *, everything: bool) -> Iterator[Problem]:
    """Settings that the .NET SDK cannot convert; values that no tool can use are `value-shape`."""
    for key in (key for key, row in TYPED.items() if (row.hides is Hides.ALL) is everything):
        for name, value, where in shared.profiles.texts(key, partial(hidden_by, key)):
            hidden = hidden_by(key, value)
            if hidden and (key not in SETTINGS or SETTINGS[key].fits(value)):  # else `value-shape`
                message = f"for its `{key}`, {hidden.consequence(name)}"
                fix = "write a value that every SDK can convert, or remove it"
                yield Problem(where, message, fix, name)


@rule("unknown-setting", WARNING, "a key is nearly the name of a setting")
def unknown_setting(shared: Shared) -> Iterator[Problem]:
    for sections, are_profiles in shared.of_files():
        for key in sections.by_setting:
            meant = _meant(key)
            for name, section in sections.having(key) if meant else ():
                message = f"`{key}` is unknown, and similar to `{meant}`"
                profile = name if are_profiles else None
                fix = f"write `{meant}` if that was meant"
                yield Problem(section.origins[key], message, fix, profile)


@lru_cache
def _meant(key: str) -> str | None:
    if key in SETTINGS or key in _OF_OTHERS:
        return None
    alike = near_names(key.replace("-", "_"), SETTINGS, likeness=_ALIKE)
    return alike[0] if alike else None
