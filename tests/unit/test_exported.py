"""Variables that keystead set are recognised, and the user's values are not taken for them."""

from keystead.model.exported import (
    MARKER,
    Exported,
    holds_exported_credentials,
    users_environment,
    working_environment,
)
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY

KEYS = {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
OWN = {"HOME": "/home/me", "AWS_PROFILE": "dev", "AWS_ENDPOINT_URL": "http://mine"}


def exported(own: dict[str, str], **given: str) -> dict[str, str]:
    """The environment that ``own`` becomes with these variables, and without a profile."""
    whole = {**{name: own[name] for name in own if name != "AWS_PROFILE"}, **given}
    return {**whole, MARKER: Exported.between(own, whole).marker()}


def test_users_environment_is_restored() -> None:
    assert users_environment(exported(OWN, **KEYS, AWS_REGION="eu-west-1")) == OWN


def test_value_set_before_keystead_is_the_users() -> None:
    own = {"AWS_REGION": "eu-west-1"}
    assert users_environment(exported(own, AWS_REGION="eu-west-1", **KEYS)) == own


def test_value_changed_after_keystead_is_the_users() -> None:
    found = {**exported({}, AWS_REGION="eu-west-1"), "AWS_REGION": "us-east-1"}
    assert users_environment(found) == {"AWS_REGION": "us-east-1"}


def test_keys_of_the_user_are_not_remembered() -> None:
    found = exported(KEYS, AWS_ACCESS_KEY_ID="AKIAI44QH8DHBEXAMPLE", AWS_SECRET_ACCESS_KEY="x")
    assert Exported.of(found).replaced == {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    assert users_environment(found) == {}


def test_keys_in_the_environment_apply_to_every_profile() -> None:
    found = exported(OWN, **KEYS, AWS_REGION="eu-west-1")
    assert working_environment(found) == {**OWN, **KEYS}
    assert holds_exported_credentials(found)
    assert not holds_exported_credentials({**found, "AWS_SECRET_ACCESS_KEY": "another"})
    assert not holds_exported_credentials({**KEYS})


def test_invalid_marker_is_ignored() -> None:
    for text in ("", "%", "e30", "bnVsbA", "WzFd", "eyJzZXQiOjF9"):
        assert users_environment({MARKER: text, "AWS_REGION": "x"}) == {"AWS_REGION": "x"}


def test_a_marker_holds_no_secret_and_needs_no_quotes() -> None:
    marker = exported({**KEYS, "AWS_SESSION_TOKEN": "token"}, **KEYS)[MARKER]
    assert marker.isascii()
    assert marker.replace("-", "").replace("_", "").isalnum()
    assert SECRET_KEY not in str(Exported.of({MARKER: marker}))
