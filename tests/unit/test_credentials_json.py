"""The JSON from programs and endpoints: accepted, or refused without quoting it."""

import json
import traceback
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keystead.outside import parse_moment
from keystead.resolve.credentials_json import (
    BadDocument,
    read_credentials,
    read_object,
)

MARK = "hushhush"
NAMES = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "AccountId")
TEXTS = st.text(max_size=6).map(lambda text: MARK + text) | st.just("2099-01-01T00:00:00Z")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
DOCUMENTS = st.dictionaries(st.sampled_from(NAMES), VALUES)


@given(DOCUMENTS.map(json.dumps) | VALUES.map(json.dumps), st.integers(0, 40))
def test_document_is_accepted_or_refused_without_quoting_it(text: str, cut: int) -> None:
    for data in (text.encode(), text.encode()[:-cut]):
        try:
            found = read_credentials(read_object(data), "SessionToken", source="here")
        except BadDocument as error:
            assert MARK not in "".join(traceback.format_exception(error))
        else:
            assert found.access_key_id
            assert found.secret_access_key
            assert found.expires_at is None or found.expires_at.tzinfo is UTC


@given(st.binary())
def test_bytes_are_accepted_or_refused(data: bytes) -> None:
    try:
        read_object(data)
    except BadDocument as error:
        assert str(error) in ("is empty", "is not JSON", "is JSON but not an object")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_encodings_of_windows_are_read(encoding: str) -> None:
    assert read_object('{"a": "\xe9"}'.encode(encoding)) == {"a": "\xe9"}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2099-01-02T03:04:05Z", datetime(2099, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2099-01-02T03:04:05+01:00", datetime(2099, 1, 2, 2, 4, 5, tzinfo=UTC)),
        ("2099-01-02T03:04:05", datetime(2099, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2099-01-02T03:04:05.123Z", datetime(2099, 1, 2, 3, 4, 5, 123000, tzinfo=UTC)),
        ("20990102T030405Z", datetime(2099, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("1969-12-31T23:59:59Z", None),
        ("9999-12-31T23:59:59-14:00", datetime(9998, 12, 31, tzinfo=UTC)),
        ("4102444800", None),
        ("soon", None),
        ("", None),
    ],
)
def test_timestamps(text: str, moment: datetime | None) -> None:
    if moment is None:
        with pytest.raises(ValueError, match="is not an ISO 8601 time"):
            parse_moment(text)
    else:
        assert parse_moment(text) == moment
