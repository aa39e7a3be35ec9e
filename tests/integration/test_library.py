"""The library as its users call it, against the emulator."""

from collections.abc import Callable
from pathlib import Path

import pytest

import keystead
from devtools.emulators import Emulator
from tests.canaries import ACCESS_KEY_ID, PASSPHRASE, SECOND_SECRET_KEY, SECRET_KEY
from tests.modes import PRIVATE_FILE, mode

FILE = f"""[default]
aws_access_key_id = {ACCESS_KEY_ID}
aws_secret_access_key = {SECRET_KEY}
[admin]
role_arn = arn:aws:iam::123456789012:role/admin
source_profile = default
region = eu-west-1
"""


@pytest.fixture(autouse=True)
def files(write_credentials: Callable[[str], Path]) -> Path:
    return write_credentials(FILE)


@pytest.fixture
def passphrase(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "passphrase"
    path.write_text(PASSPHRASE)
    path.chmod(0o600)
    monkeypatch.setenv("KEYSTEAD_PASSPHRASE_FILE", str(path))


@pytest.fixture(autouse=True)
def passphrase_is_plain_here(isolation: object, home: Path) -> None:
    isolation.plain.add(home / "passphrase")


def test_a_session_for_a_role(moto: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    moto.client("s3").create_bucket(Bucket="one")
    session = keystead.session("admin")
    assert session.region_name == "eu-west-1"
    assert [b["Name"] for b in session.client("s3").list_buckets()["Buckets"]] == ["one"]
    assume, listing = moto.recorder.calls
    assert (assume.operation, assume.access_key_id) == ("AssumeRole", ACCESS_KEY_ID)
    assert listing.access_key_id.startswith("ASIA")


def test_a_session_for_keys_and_the_default_search(moto: Emulator) -> None:
    frozen = keystead.session().get_credentials().get_frozen_credentials()
    assert (frozen.access_key, frozen.secret_key) == (ACCESS_KEY_ID, SECRET_KEY)
    assert keystead.credentials().source == "profile default"


def test_environment_takes_precedence_over_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAI44QH8DHBEXAMPLE")
    with pytest.raises(keystead.ProfileInvalid):
        keystead.credentials()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECOND_SECRET_KEY)
    monkeypatch.setenv("AWS_PROFILE", "admin")
    found = keystead.credentials()
    assert (found.access_key_id, found.source) == ("AKIAI44QH8DHBEXAMPLE", "environment")
    assert keystead.session().get_credentials().access_key == "AKIAI44QH8DHBEXAMPLE"


def test_the_profile_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "gone")
    with pytest.raises(keystead.ProfileNotFound):
        keystead.credentials()
    with pytest.raises(keystead.ProfileNotFound):
        keystead.session()


def test_nothing_configured_is_an_error(files: Path) -> None:
    files.unlink()
    with pytest.raises(keystead.NotConfigured) as caught:
        keystead.credentials()
    assert "keystead set" in caught.value.hint


def test_no_repr_or_str_shows_a_secret() -> None:
    found = keystead.credentials("default")
    assert found.secret_access_key == SECRET_KEY
    assert not any(SECRET_KEY in text for text in (repr(found), str(found), f"{found}"))


def test_a_plan() -> None:
    plan = keystead.plan("admin")
    assert plan.base.profile == "default"
    assert [step.role_arn for step in plan.steps] == ["arn:aws:iam::123456789012:role/admin"]


def test_the_chain_searches_the_encrypted_store_first(passphrase: None, home: Path) -> None:
    chain = keystead.ProfileStoreChain()
    chain.register(
        keystead.Profile(
            "default",
            {
                "aws_access_key_id": "AKIAI44QH8DHBEXAMPLE",
                "aws_secret_access_key": SECOND_SECRET_KEY,
            },
        )
    )
    assert keystead.credentials("default").secret_access_key == SECOND_SECRET_KEY
    places = [(p.name, p.store_type_name) for p in chain.profiles()]
    assert places == [
        ("default", "NetSDKCredentialsFile"),
        ("default", "SharedCredentialsFile"),
        ("admin", "SharedCredentialsFile"),
    ]
    chain.unregister("default")
    assert keystead.credentials("default").secret_access_key == SECRET_KEY


def test_encrypted_keys_are_the_source_of_a_role_in_the_shared_files(
    passphrase: None, moto: Emulator
) -> None:
    keys = {"aws_access_key_id": "AKIAI44QH8DHBEXAMPLE", "aws_secret_access_key": SECOND_SECRET_KEY}
    keystead.ProfileStoreChain().register(keystead.Profile("default", keys))
    assert keystead.credentials("admin").session_token
    assert moto.recorder.calls[0].access_key_id == "AKIAI44QH8DHBEXAMPLE"


def test_location_is_the_only_place_searched(files: Path, home: Path) -> None:
    other = home / "elsewhere" / "credentials"
    chain = keystead.ProfileStoreChain(location=other)
    assert chain.profiles() == []
    with pytest.raises(keystead.ProfileNotFound) as caught:
        chain.find("default")
    assert str(other) in str(caught.value)
    chain.register(
        keystead.Profile(
            "mine", {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_KEY}
        )
    )
    assert keystead.credentials("mine", location=other).access_key_id == ACCESS_KEY_ID
    assert files.read_text() == FILE
    assert mode(other) == PRIVATE_FILE
    other.unlink()


def test_a_file_that_botocore_refuses_gives_a_session(files: Path, moto: Emulator) -> None:
    (files.parent / "config").write_text("[profile admin]\noutput = a\noutput = b\n")
    assert keystead.session("admin").client("sts").get_caller_identity()["Arn"]
