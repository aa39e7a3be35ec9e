"""Every value that a cmdlet outputs reaches PowerShell with its type."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from keystead.powershell.module import wire
from keystead.secret import Secret
from keystead.system.folders import Folders

NOWHERE = Folders({})

texts = st.text(max_size=20)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | texts.map(Secret)
    | st.datetimes(timezones=st.just(UTC)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def back(value: object) -> object:
    """What PowerShell makes of it: by the marks of texts and the words of lists alone."""
    if isinstance(value, str):
        mark, rest = value[0], value[1:]
        if mark == "@":
            return datetime.fromisoformat(rest)
        assert mark in "=*"
        return Secret(rest) if mark == "*" else rest
    if not isinstance(value, list):
        return value
    word, *rest = value
    if word == "list":
        return [back(item) for item in rest]
    assert word in ("object", "table")
    pairs = rest[1:] if word == "object" else rest
    names = [str(name)[1:] for name in pairs[::2]]
    if word == "object":  # which PowerShell cannot make of any other names
        assert "" not in names
        assert len({name.lower() for name in names}) == len(names)
    return dict(zip(names, map(back, pairs[1::2]), strict=True))


@given(values)
def test_every_value_reaches_powershell_unchanged(value: object) -> None:
    line = wire.line("output", wire.outgoing(value, "", NOWHERE))
    assert line.isascii()
    assert "\n" not in line
    assert back(json.loads(line)["value"]) == value


@given(values)
def test_no_text_of_a_response_is_converted_to_a_time(value: object) -> None:
    def texts_in(part: object) -> list[str]:
        if isinstance(part, list):
            return [text for item in part for text in texts_in(item)]
        return [part] if isinstance(part, str) else []

    made = wire.outgoing(value, "", NOWHERE)
    words = {"list", "table", "object"}
    assert all(text in words or text[0] in "=@*" for text in texts_in(made))
