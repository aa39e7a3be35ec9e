"""The AWS account in an access key id and in an ARN."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keystead.model.account import account_of_arn, account_of_key

# Published as an example, with its account, when the scheme was described.
KNOWN = "ASIAQNZGKIQY56JQ7WML", "029608264753"


def encoded(account: int, rest: int, prefix: str) -> str:
    """An access key id as AWS makes it since 2019."""
    number = (1 << 79) | (account << 39) | rest
    return prefix + base64.b32encode(number.to_bytes(10)).decode()


def test_documented_example_key_has_its_account() -> None:
    assert account_of_key(KNOWN[0]) == KNOWN[1]


@given(st.integers(0, 10**12 - 1), st.integers(0, (1 << 39) - 1), st.sampled_from(["AKIA", "ASIA"]))
def test_account_is_decoded_from_access_key_id(account: int, rest: int, prefix: str) -> None:
    assert account_of_key(encoded(account, rest, prefix)) == f"{account:012}"


@pytest.mark.parametrize(
    "key",
    [
        "AKIAIOSFODNN7EXAMPLE",  # of the older kind
        "ASIAIOSFODNN7EXAMPLE",
        "AKIAJ2345672345672AA",
        "AROAQNZGKIQY56JQ7WML",  # not a key
        "ASIAQNZGKIQY56JQ7WM",
        "ASIAQNZGKIQY56JQ7WMLX",
        "ASIAQNZGKIQY56JQ7WM1",  # not base32
        "ASIA8NWMTLYQAAAAAAAA",
        "asiaqnzgkiqy56jq7wml",
        "",
        encoded(10**12, 0, "AKIA"),  # not 12 digits
    ],
)
def test_other_ids_have_no_account(key: str) -> None:
    assert account_of_key(key) is None


@pytest.mark.parametrize(
    ("arn", "account"),
    [
        ("arn:aws:iam::123456789012:role/r", "123456789012"),
        ("arn:aws-us-gov:iam::123456789012:role/r:x", "123456789012"),
        ("arn:aws:s3:::bucket", None),
        ("arn:aws:iam::aws:policy/x", None),
        ("arn:aws:iam", None),
        ("nonsense", None),
        ("x:aws:iam::123456789012:role/r", None),
        ("arn:aws:iam::１２３４５６７８９０１２:role/r", None),  # noqa: RUF001  # digits of others
    ],
)
def test_account_is_read_from_arn(arn: str, account: str | None) -> None:
    assert account_of_arn(arn) == account
