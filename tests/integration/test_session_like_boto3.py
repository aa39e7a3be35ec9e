"""`keystead.session` in place of `boto3.Session`, compared with the real one."""

import asyncio
from pathlib import Path

import boto3
import pytest

import keystead
from tests.canaries import ACCESS_KEY_ID, PASSPHRASE, SECOND_SECRET_KEY, SECRET_KEY

KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
CREDENTIALS = f"[default]\n{KEYS}[dev]\n{KEYS}region = eu-central-1\n"
CONFIG = "[profile dev]\nregion = eu-west-1\n[profile in-config]\nregion = us-west-2\n"


@pytest.fixture(autouse=True)
def files(home: Path) -> None:
    folder = home / ".aws"
    folder.mkdir(mode=0o700)
    for name, text in (("credentials", CREDENTIALS), ("config", CONFIG)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"AWS_PROFILE": "dev"},
        {"AWS_DEFAULT_REGION": "ap-south-1"},
        {"AWS_PROFILE": "dev", "AWS_DEFAULT_REGION": "ap-south-1"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"profile_name": "dev"},
        {"region_name": "sa-east-1"},
        {"profile_name": "dev", "region_name": "sa-east-1"},
        {"profile_name": "default"},
    ],
    ids=str,
)
def test_names_and_region_are_those_of_boto3(
    arguments: dict[str, str], environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    ours, theirs = keystead.session(**arguments), boto3.Session(**arguments)
    assert isinstance(ours, boto3.Session)
    assert ours.profile_name == theirs.profile_name
    assert ours.region_name == theirs.region_name
    assert sorted(ours.available_profiles) == sorted(theirs.available_profiles)
    assert repr(ours) == repr(theirs)
    key = ours.get_credentials().get_frozen_credentials()
    assert key[:3] == theirs.get_credentials().get_frozen_credentials()[:3]


def test_both_names_of_an_argument_are_refused() -> None:
    for make in (keystead.session, keystead.aio_session):
        with pytest.raises(TypeError, match="`name` and `profile_name` are the same argument"):
            make("dev", profile_name="dev")
        with pytest.raises(TypeError, match="`region` and `region_name` are the same argument"):
            make(region="eu-west-1", region_name="eu-west-1")


def test_session_has_its_profile_name_and_lists_both_stores(
    home: Path, monkeypatch: pytest.MonkeyPatch, keystead
) -> None:
    import keystead as library

    path = home / "passphrase"
    path.write_text(PASSPHRASE)
    path.chmod(0o600)
    keystead.plain.add(path)
    monkeypatch.setenv("KEYSTEAD_PASSPHRASE_FILE", str(path))
    keys = {"aws_access_key_id": "AKIAI44QH8DHBEXAMPLE", "aws_secret_access_key": SECOND_SECRET_KEY}
    chain = library.ProfileStoreChain()
    chain.register(library.Profile("sealed", keys))
    chain.register(library.Profile("dev", keys))
    made = library.session("sealed")
    assert made.profile_name == "sealed"
    assert made.available_profiles == ["sealed", "dev", "default", "in-config"]
    core = library.aio_session(profile_name="sealed", region_name="eu-west-1")
    assert (core.profile, core.available_profiles) == ("sealed", made.available_profiles)
    assert core.get_config_variable("region") == "eu-west-1"


def test_a_session_at_a_location_lists_the_profiles_there(home: Path) -> None:
    other = home / "credentials"
    other.write_text("[mine]\nregion = eu-west-1\ncredential_process = true\n")
    other.chmod(0o600)
    with pytest.raises(keystead.ProviderError):
        keystead.session("mine", location=other)  # `true` prints no credentials
    core = keystead.aio_session("mine", location=other)
    assert (core.profile, core.available_profiles) == ("mine", ["mine"])


def test_keys_in_the_environment_need_no_profile(
    monkeypatch: pytest.MonkeyPatch, moto, keystead
) -> None:
    """`AWS_PROFILE` may be left over: every command and call ignores it."""
    import keystead as library

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAI44QH8DHBEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECOND_SECRET_KEY)
    monkeypatch.setenv("AWS_PROFILE", "gone")
    assert library.credentials().source == "environment"
    assert library.session().get_credentials().access_key == "AKIAI44QH8DHBEXAMPLE"
    assert library.session(region_name="eu-west-1").client("sts").get_caller_identity()["Account"]
    core = library.aio_session()
    keys = asyncio.run(_frozen(core))
    assert keys.access_key == "AKIAI44QH8DHBEXAMPLE"
    for words in (["whoami"], ["explain"], ["plan"], ["Get-STSCallerIdentity"]):
        done = keystead(*words)
        assert "gone" not in done.stderr, words
        assert done.code == 0, (words, done.stderr)


async def _frozen(core):
    return await (await core.get_credentials()).get_frozen_credentials()
