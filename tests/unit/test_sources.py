"""Which region and which credentials a cmdlet takes, by what is given and what is set up."""

from collections.abc import Callable
from pathlib import Path

import pytest

from devtools.service import Reply, serving
from keystead.app import App
from keystead.console.console import Console
from keystead.errors import NotConfigured, ProfileNotFound
from keystead.powershell.engine.credential_parameters import find_credentials, find_region
from keystead.powershell.engine.state import State
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN

KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"


@pytest.fixture(autouse=True)
def profiles(write_credentials: Callable[[str], Path]) -> Path:
    return write_credentials(
        f"[default]\n{KEYS}region = us-west-1\n[other]\n{KEYS}region = us-west-2\n[bare]\n{KEYS}"
    )


def state() -> State:
    return State(App(), Console())


REGIONS = {
    "the parameter": ({"Region": "a", "ProfileName": "other"}, "b", "c", "a"),
    "the shell's": ({"ProfileName": "other"}, "b", "c", "b"),
    "the environment's": ({"ProfileName": "other"}, None, "c", "c"),
    "the profile's own": ({"ProfileName": "other"}, None, None, "us-west-2"),
    "none of a profile that has none": ({"ProfileName": "bare"}, None, None, None),
    "that of the default profile": ({}, None, None, "us-west-1"),
    "that of the default profile for other keys": ({"AccessKey": "x"}, None, None, "us-west-1"),
}


@pytest.mark.parametrize("which", REGIONS)
def test_region_comes_from(which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values, own, environment, expected = REGIONS[which]
    if environment:
        monkeypatch.setenv("AWS_REGION", environment)
    shell = state()
    shell.region = own
    assert find_region(shell, values) == expected


def test_the_region_follows_the_profile_of_the_environment_and_of_the_shell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "other")
    shell = state()
    assert find_region(shell, {}) == "us-west-2"
    shell.credentials = find_credentials(shell, {"ProfileName": "default"})
    assert find_region(shell, {}) == "us-west-1"
    monkeypatch.setenv("AWS_PROFILE", "gone")
    with pytest.raises(ProfileNotFound):
        find_credentials(state(), {})


def test_the_oldest_default_is_found_when_the_other_gives_nothing(profiles: Path) -> None:
    profiles.write_text(f"[default]\nregion = eu-west-1\n[AWS PS Default]\n{KEYS}")
    found = find_credentials(state(), {})
    assert (found.profile, found.properties["AccessKey"]) == ("AWS PS Default", ACCESS_KEY_ID)


def test_a_container_is_asked_last(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profiles.write_text("")
    with pytest.raises(NotConfigured):
        find_credentials(state(), {})
    keys = {
        "AccessKeyId": ACCESS_KEY_ID,
        "SecretAccessKey": SECRET_KEY,
        "Token": SESSION_TOKEN,
        "Expiration": "2099-01-01T00:00:00Z",
    }
    with serving(lambda _: Reply(200, keys)) as service:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{service.url}/keys")
        found = find_credentials(state(), {})
        assert found.keys is None
        assert found.retrieve is not None
        assert found.retrieve().session_token == SESSION_TOKEN
        profiles.write_text(f"[default]\n{KEYS}")
        assert find_credentials(state(), {}).profile == "default"
