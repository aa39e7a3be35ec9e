"""Credentials as other programs read them."""

import json
from datetime import UTC, datetime, timedelta, timezone

from keystead.delivery import wire
from keystead.model.credentials import Credentials
from keystead.model.exported import MARKER

KEYS = Credentials("AKIAIOSFODNN7EXAMPLE", "secret")
ENDS = datetime(2026, 1, 31, 13, 0, 0, 999, tzinfo=timezone(timedelta(hours=1)))
ROLE = Credentials("ASIAIOSFODNN7EXAMPLE", "secret", "token", ENDS, "123456789012")


def test_process_output_of_keys() -> None:
    expected = {"Version": 1, "AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "secret"}
    assert json.loads(wire.process_output(KEYS)) == expected


def test_process_output_of_a_role() -> None:
    assert json.loads(wire.process_output(ROLE)) == {
        "Version": 1,
        "AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "SecretAccessKey": "secret",
        "SessionToken": "token",
        "Expiration": "2026-01-31T12:00:00Z",
        "AccountId": "123456789012",
    }


def test_variables_of_keys_have_no_token() -> None:
    assert wire.variables(KEYS) == {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }


def test_variables_of_a_role() -> None:
    assert wire.variables(ROLE) == {
        "AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "AWS_CREDENTIAL_EXPIRATION": "2026-01-31T12:00:00Z",
    }


def test_child_environment_has_no_stale_variables() -> None:
    environ = {
        "PATH": "/bin",
        "AWS_SESSION_TOKEN": "old",
        "AWS_PROFILE": "old",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://old",
        "AWS_ENDPOINT_URL": "http://kept",
        "KEYSTEAD_MFA_CODE": "123456",
    }
    given = wire.variables(KEYS)
    expected = {"PATH": "/bin", "AWS_ENDPOINT_URL": "http://kept", **given}
    made = wire.child_environment(environ, given)
    assert {name: made[name] for name in made if name != MARKER} == expected
    changed = wire.changes(environ, made, given)
    assert changed.given == {**given, MARKER: made[MARKER]}
    assert changed.stale == [
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ]


def test_freshness_uses_the_exact_time() -> None:
    assert KEYS.fresh(datetime(9999, 1, 1, tzinfo=UTC))
    assert ROLE.fresh(ENDS - timedelta(seconds=1))
    assert not ROLE.fresh(ENDS)
    assert not ROLE.fresh(ENDS - timedelta(minutes=5), timedelta(minutes=5))
