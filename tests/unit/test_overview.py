"""What a row of a list says of a profile, from its settings alone."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from keystead.app import App
from keystead.model.overview import CachedEnds, Overview, overviews
from keystead.secret import Secret
from keystead.stores.chain import ChainSnapshot
from tests.canaries import ACCESS_KEY_ID, PASSPHRASE, SECRET_KEY

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 1, 1, 1, tzinfo=UTC)
KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
CREDENTIALS = f"""[keys]
{KEYS}[split]
{KEYS}[region-only]
region = us-east-1
[session]
{KEYS}aws_session_token = t
x_security_token_expires = 2026-01-01T01:00:00Z
[both]
region = us-east-1
"""
CONFIG = """[profile keys]
region = eu-west-1
[profile role]
role_arn = arn:aws:iam::123456789012:role/team/admin
source_profile = keys
mfa_serial = arn:aws:iam::123456789012:mfa/me
[profile further]
role_arn = arn:aws:iam::210987654321:role/reader
source_profile = role
region = eu-west-2
[profile sso]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Reader
[sso-session corp]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-west-1
[profile ring]
role_arn = arn:aws:iam::123456789012:role/a
source_profile = ring
[profile stated]
credential_process = /bin/helper
aws_account_id = 444455556666
[profile both]
credential_process = /bin/helper
[profile half]
role_arn = not an arn
"""


@pytest.fixture
def snapshot(home: Path) -> ChainSnapshot:
    folder = home / ".aws"
    folder.mkdir(mode=0o700)
    for name, text in (("credentials", CREDENTIALS), ("config", CONFIG)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    return App().snapshot()


def rows(
    snapshot: ChainSnapshot, *ends: tuple[str, datetime], now: datetime = NOW
) -> dict[str, Overview]:
    stores = {"SharedCredentialsFile": "shared", "NetSDKCredentialsFile": "encrypted"}
    found = overviews(snapshot.profiles(), stores, snapshot, CachedEnds(ends, now), NAMES)
    return {row.name: row for row in found}


NAMES = {"111122223333": "Payments"}

EXPECTED = {
    "keys": Overview("keys", "Basic", region="eu-west-1", file="credentials"),
    "split": Overview("split", "Basic", file="credentials"),
    "region-only": Overview("region-only", None, region="us-east-1", file="credentials"),
    "session": Overview("session", "Session", file="credentials", expires_at=LATER),
    "role": Overview(
        "role", "AssumeRole", account="123456789012", role="team/admin", mfa=True, file="config"
    ),
    "further": Overview(
        "further",
        "AssumeRole",
        account="210987654321",
        role="reader",
        region="eu-west-2",
        mfa=True,
        file="config",
    ),
    "sso": Overview(
        "sso",
        "SSO",
        account="111122223333",
        account_name="Payments",
        role="Reader",
        file="config",
    ),
    "ring": Overview("ring", "AssumeRole", account="123456789012", role="a", file="config"),
    "stated": Overview("stated", "CredentialProcess", account="444455556666", file="config"),
    "both": Overview("both", "CredentialProcess", region="us-east-1", file="config"),
    "half": Overview("half", None, role="not an arn", file="config"),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_row_says_what_the_settings_say(name: str, snapshot: ChainSnapshot, home: Path) -> None:
    expected = EXPECTED[name]
    file = str(home / ".aws" / (expected.file or ""))
    place = {"store": "shared", "store_type_name": "SharedCredentialsFile", "file": file}
    location = str(home / ".aws" / "credentials")
    assert rows(snapshot)[name] == expected._replace(location=location, **place)


def test_every_profile_has_its_row(snapshot: ChainSnapshot) -> None:
    assert rows(snapshot).keys() == EXPECTED.keys()


SESSIONS = {
    "sso": "sso 111122223333 Reader",
    "role": "profile keys > arn:aws:iam::123456789012:role/team/admin",
    "further": "profile keys > arn:aws:iam::123456789012:role/team/admin"
    " > arn:aws:iam::210987654321:role/reader",
}


@pytest.mark.parametrize("name", SESSIONS)
def test_a_cached_session_shows_when_it_ends(name: str, snapshot: ChainSnapshot) -> None:
    found = rows(snapshot, (SESSIONS[name], LATER), ("profile other > arn:x", LATER))
    assert [row.name for row in found.values() if row.expires_at] == ["session", name]
    assert found[name].expires_at == LATER


def test_a_session_that_has_ended_is_not_shown(snapshot: ChainSnapshot) -> None:
    assert rows(snapshot, (SESSIONS["sso"], NOW))["sso"].expires_at is None


def test_the_last_end_of_several_sessions_counts(snapshot: ChainSnapshot) -> None:
    source = SESSIONS["sso"]
    sooner = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
    found = rows(snapshot, (source, sooner), (source, LATER), (source, sooner))
    assert found["sso"].expires_at == LATER


def test_a_source_of_the_same_role_over_other_keys_is_another_session(
    snapshot: ChainSnapshot,
) -> None:
    other = "profile split > arn:aws:iam::123456789012:role/team/admin"
    assert rows(snapshot, (other, LATER))["role"].expires_at is None


@pytest.fixture
def encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChainSnapshot:
    """A snapshot of a store that cannot be opened any more."""
    passphrase = tmp_path / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text(PASSPHRASE)
    monkeypatch.setenv("KEYSTEAD_PASSPHRASE_FILE", str(passphrase))
    settings = {
        "aws_access_key_id": Secret(ACCESS_KEY_ID),
        "aws_secret_access_key": Secret(SECRET_KEY),
        "mfa_serial": "arn:aws:iam::123456789012:mfa/me",
        "region": "eu-west-1",
    }
    App().encrypted.change("sealed", lambda _: settings)
    passphrase.unlink()
    return App().snapshot()


def test_a_row_of_the_encrypted_store_needs_no_passphrase(encrypted: ChainSnapshot) -> None:
    row = rows(encrypted)["sealed"]
    assert row._replace(file=None) == Overview(
        "sealed",
        "Basic",
        "NetSDKCredentialsFile",
        store="encrypted",
        region="eu-west-1",
        mfa=True,
    )
    assert row.file
    assert Path(row.file).name == "RegisteredAccounts.json"


def test_the_first_names_are_those_of_all_profiles(snapshot: ChainSnapshot) -> None:
    for _, part in snapshot.parts:
        names = list(dict.fromkeys(profile.name for profile in part.profiles()))
        for count in (0, 1, 3, 100):
            assert part.first_names(count) == names[:count]
