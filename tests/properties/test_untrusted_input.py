"""Any bytes in every parser of untrusted input: answered or refused, never a crash."""

import json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.entries import ENTRIES, SEEDS
from keystead.outside import counted, number, parse_json, parse_moment, whole

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
)
MEMBERS = st.sampled_from(
    [
        "body",
        "scope",
        "files",
        "grant",
        "renew_at",
        "record",
        "key",
        "number",
        "time",
        "pid",
        "previous",
        "way",
        "source",
        "expires_at",
        "profile",
        "program",
        "access_key_id",
        "made",
        "before",
        "after",
        "path",
    ]
)
DOCUMENTS = st.dictionaries(MEMBERS, JSON).map(lambda value: json.dumps(value).encode())


@st.composite
def changed_seeds(draw: st.DrawFn) -> bytes:
    """A seed with some of its bytes replaced."""
    seed = draw(st.sampled_from([seed for seed in SEEDS if len(seed) < 2000]))
    start = draw(st.integers(0, len(seed)))
    end = draw(st.integers(start, min(len(seed), start + 8)))
    return seed[:start] + draw(st.binary(max_size=8)) + seed[end:]


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_every_seed_is_answered_or_refused(entry: Callable[[bytes], None]) -> None:
    for seed in SEEDS:
        entry(seed)


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.binary(max_size=200) | DOCUMENTS | changed_seeds())
def test_any_bytes_are_answered_or_refused(entry: Callable[[bytes], None], data: bytes) -> None:
    entry(data)


@given(st.text(max_size=8) | st.integers().map(str) | st.sampled_from(["\u0661", "1" * 5000, "²"]))
def test_a_whole_number_is_ascii_digits_within_its_bounds(text: str) -> None:
    digits = "0123456789"
    right = bool(text) and set(text) <= set(digits) and len(text) <= 3 and 5 <= int(text) <= 500
    try:
        assert whole(text, 5, 500) == int(text)
    except ValueError as error:
        assert not right
        assert str(error) == "is not a whole number from 5 to 500"
    else:
        assert right


@pytest.mark.parametrize("value", [True, "1", None, float("nan"), float("inf"), 10**400, -1, []])
def test_number_out_of_bounds_or_malformed_is_refused(value: object) -> None:
    for read in (number, counted):
        with pytest.raises(ValueError, match="is not a"):
            read(value, 0, 100)


def test_too_deeply_nested_json_is_malformed() -> None:
    for text in ("[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000):
        with pytest.raises(ValueError):
            parse_json(text)


@given(st.datetimes(timezones=st.timezones() | st.none()))
def test_every_parsed_timestamp_supports_arithmetic(moment) -> None:
    from datetime import timedelta, timezone

    try:
        found = parse_moment(moment.isoformat())
    except ValueError:
        assert moment.year <= 1970
        return
    for hours in (-23, 23):
        found.astimezone(timezone(timedelta(hours=hours)))
    assert found - timedelta(minutes=15) < found < found + timedelta(days=1)
