"""The JSON layout of the encrypted store: its keys, its names, and what is refused."""

import json

import pytest

from keystead.errors import StoreCorrupt
from keystead.model.profile import Profile
from keystead.stores.encrypted.layout import (
    Accounts,
    is_reserved,
    is_sealed,
    key_of,
    make_guid,
    parse,
    profile_type,
    setting_name,
    settings_in,
)
from keystead.testing import EXAMPLES

STORE_ID = "00112233-4455-4677-8899-aabbccddeeff"
GUID = "12345678-9abc-4def-8123-456789abcdef"
HEADER = {
    "Format": "1",
    "StoreId": STORE_ID,
    "Counter": "7",
    "Recipient": "AB" * 32,
    "Protector.2": "second",
    "Protector.1": "first",
    "Protector.10": "tenth",
    "Mac": "AB",
    "Later": "kept",
}
ENTRY = {"DisplayName": "one", "Region": "eu-west-1"}


def file(header: object = HEADER, **entries: object) -> bytes:
    return json.dumps({"keystead": header, **entries}).encode()


def test_parsed_file_is_written_unchanged() -> None:
    foreign = {
        "DisplayName": "saml",
        "ProfileType": "SAML",
        "EndpointName": "adfs",
        "UserIdentity": "0A",
    }
    data = file(**{GUID: ENTRY, GUID.upper(): foreign})
    accounts = parse(data, "f")
    assert accounts.header == HEADER
    assert accounts.entries == {GUID: ENTRY, GUID.upper(): foreign}
    assert (accounts.store_id, accounts.mac) == (STORE_ID, "AB")
    assert accounts.protectors == ("first", "second", "tenth")
    assert json.loads(accounts.render()) == json.loads(data)
    assert parse(accounts.render(), "f") == accounts
    assert list(json.loads(accounts.render())) == ["keystead", GUID, GUID.upper()]


def test_file_is_indented_for_people() -> None:
    accounts = Accounts({"Format": "1"}, {GUID: {"DisplayName": "zürich"}})
    expected = f'{{\n  "keystead": {{\n    "Format": "1"\n  }},\n  "{GUID}": {{\n    "DisplayName": "zürich"\n  }}\n}}\n'
    assert accounts.render().decode() == expected


def test_next_version_increments_and_preserves_header() -> None:
    following = parse(file(), "f").next({GUID: ENTRY})
    assert following.header == {**HEADER, "Counter": "8"}
    assert following.signed("CD").header == {**HEADER, "Counter": "8", "Mac": "CD"}
    assert "Mac" not in following.content["keystead"]


def test_names() -> None:
    accounts = Accounts(HEADER, {"a": ENTRY, "c": ENTRY, "d": {"DisplayName": "One"}})
    assert accounts.named("one") == ["a", "c", "d"]
    assert accounts.spelled("one") == ["a", "c"]
    assert accounts.spellings("ONE") == ["one", "One"]
    assert accounts.names() == ["one", "one", "One"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "f:1: the file is not valid JSON"),
        (b"\x00" * 20, "f:1: the file is not valid JSON"),
        (b'{\n"keystead": {\n', "f:3: the file is not valid JSON"),
        (b'{"a": "\n"}', "f:1: the file is not valid JSON"),
        (b'{\n\n"\xff": {}}', "f:3: the file is not valid UTF-8"),
        (b"\xef\xbb\xbf{}", "f:1: the file is not valid JSON"),
        (b"[]", "f: the file is not a JSON object"),
        (b"1" * 5000, "f: the file is not an encrypted store"),
        (b"[" * 100_000, "f: the file is not an encrypted store"),
        (b"{}", "f: the encrypted store has no keystead header"),
        (file(header="x"), "f: the encrypted store has no keystead header"),
        (b'{"keystead": {}, "keystead": {}}', "f: a name is repeated in a JSON object"),
        (b'{"keystead": {"Format": "1", "Format": "1"}}', "f: a name is repeated in a JSON object"),
        (file({**HEADER, "Format": "2"}), "of format 2, written by a newer keystead"),
        (
            file({"Format": "10", "Other": {"shape": 1}}),
            "of format 10, written by a newer keystead",
        ),
        (file({**HEADER, "Format": "0"}), "no valid `Format`"),
        (file({**HEADER, "Format": "01"}), "no valid `Format`"),
        (file({**HEADER, "Format": "9" * 5000}), "no valid `Format`"),
        (file({**HEADER, "Format": 1}), "no valid `Format`"),
        (file({**HEADER, "StoreId": "x"}), "no valid `StoreId`"),
        (file({**HEADER, "StoreId": STORE_ID.upper()}), "no valid `StoreId`"),
        (file({**HEADER, "Counter": "-1"}), "no valid `Counter`"),
        (file({**HEADER, "Counter": "07"}), "no valid `Counter`"),
        (file({**HEADER, "Counter": "\u0661"}), "no valid `Counter`"),
        (file({**HEADER, "Counter": "9" * 19}), "no valid `Counter`"),
        (file({**HEADER, "Mac": ""}), "no valid `Mac`"),
        (file({**HEADER, "Recipient": "ab" * 32}), "no valid `Recipient`"),
        (file({**HEADER, "Recipient": "AB" * 31}), "no valid `Recipient`"),
        (file({k: v for k, v in HEADER.items() if "Protector" not in k}), "no valid `Protector`"),
        (file(other=ENTRY), "'other' is not a GUID"),
        (file(**{GUID + "0": ENTRY}), "is not a GUID"),
        (file(**{GUID + "\n": ENTRY}), r"\n' is not a GUID"),
        (file(**{GUID: {"Region": "x"}}), f"`{GUID}` has no `DisplayName`"),
        (file(**{GUID: {"DisplayName": ""}}), f"`{GUID}` has no `DisplayName`"),
        (file(**{GUID: []}), f"`{GUID}` is not a flat object"),
        (file(**{GUID: {"Region": None}}), f"`{GUID}` is not a flat object"),
        (file(**{GUID: {"Region": {"a": "b"}}}), f"`{GUID}` is not a flat object"),
        (file({**HEADER, "Later": 1}), "`keystead` is not a flat object"),
        (file(**{GUID: {"Region": "a\nb"}}), f"`{GUID}` has a control character"),
        (file(**{GUID: {"a\x7f": "b"}}), f"`{GUID}` has a control character"),
        (file(**{GUID: {"a": "\ud800"}}), f"`{GUID}` has a control character"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value,
)
def test_malformed_layout_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(StoreCorrupt) as caught:
        parse(data, "f")
    assert said in str(caught.value)
    assert caught.value.hint


def test_guids() -> None:
    assert make_guid(bytes(16)) == "00000000-0000-4000-8000-000000000000"
    assert make_guid(b"\xff" * 16) == "ffffffff-ffff-4fff-bfff-ffffffffffff"


ROLE = EXAMPLES["AssumeRole"]


def without(*keys: str) -> dict[str, str]:
    return {key: value for key, value in ROLE.items() if key not in keys}


@pytest.mark.parametrize(
    ("word", "settings"),
    [
        ("AWS", EXAMPLES["Basic"]),
        ("Session", EXAMPLES["Session"]),
        ("AssumeRole", without("external_id", "mfa_serial", "role_session_name")),
        ("AssumeRoleExternal", without("mfa_serial", "role_session_name")),
        ("AssumeRoleMFA", without("external_id", "role_session_name")),
        ("AssumeRoleExternalMFA", without("role_session_name")),
        ("AssumeRoleSessionName", without("external_id", "mfa_serial")),
        ("AssumeRoleExternalSessionName", without("mfa_serial")),
        ("AssumeRoleMFASessionName", without("external_id")),
        ("AssumeRoleExternalMFASessionName", ROLE),
        ("AssumeRoleCredentialSource", EXAMPLES["AssumeRoleCredentialSource"]),
        (
            "AssumeRoleCredentialSourceSessionName",
            {**EXAMPLES["AssumeRoleCredentialSource"], "role_session_name": "nightly"},
        ),
        ("AssumeRoleWithWebIdentity", EXAMPLES["AssumeRoleWithWebIdentity"]),
        (
            "AssumeRoleWithWebIdentitySessionName",
            {**EXAMPLES["AssumeRoleWithWebIdentity"], "role_session_name": "nightly"},
        ),
        ("SSO", EXAMPLES["SSO"]),
        ("CredentialProcess", EXAMPLES["CredentialProcess"]),
        ("Login", EXAMPLES["Login"]),
        (None, {"region": "eu-west-1"}),
        (None, {}),
    ],
)
def test_type_names(word: str | None, settings: dict[str, str]) -> None:
    assert profile_type(Profile("one", settings)) == word


@pytest.mark.parametrize(
    ("name", "key", "sealed"),
    [
        ("aws_access_key_id", "AWSAccessKey", True),
        ("aws_secret_access_key", "AWSSecretKey", True),
        ("aws_session_token", "SessionToken", True),
        ("external_id", "ExternalId", True),
        ("mfa_serial", "MfaSerial", True),
        ("role_arn", "RoleArn", False),
        ("region", "Region", False),
        ("duration_seconds", "duration_seconds", False),
        ("credential_process", "credential_process", False),
        ("sso_account_id", "sso_account_id", False),
        ("endpoint_url", "endpoint_url", False),
        ("team", "team", False),
        ("my_password", "my_password", True),
        ("api_token", "api_token", True),
    ],
)
def test_keys_and_settings(name: str, key: str, sealed: bool) -> None:
    assert (key_of(name), setting_name(key), is_sealed(key)) == (key, name, sealed)


@pytest.mark.parametrize(
    "key", ["UserIdentity", "SecretKeyRepository", "My_Password", "DisplayName"]
)
def test_keys_of_other_programs_are_not_encrypted(key: str) -> None:
    assert not is_sealed(key)


def test_one_of_two_spellings_is_used() -> None:
    entry = [
        "DisplayName",
        "ProfileType",
        "region",
        "Region",
        "REGION",
        "Team",
        "TEAM",
        "x",
        "X",
        "Y",
        "y",
        "rolearn",
    ]
    assert settings_in(tuple(entry)) == {
        "region": "Region",
        "team": "Team",
        "x": "x",
        "y": "y",
        "rolearn": "rolearn",
    }


def test_names_reserved_by_the_file() -> None:
    assert all(map(is_reserved, ["displayname", "profiletype", "awssecretkey", "rolearn"]))
    assert not any(map(is_reserved, ["region", "role_arn", "sso_region", "team"]))
