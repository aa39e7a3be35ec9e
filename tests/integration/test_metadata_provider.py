"""The EC2 metadata service: version 2, version 1 only if enabled, and no instance."""

import logging
import os
import socket
from datetime import UTC, datetime, timedelta

import pytest

from devtools.service import Reply, Request, metadata_service, serving
from keystead.errors import KeysteadError, NotConfigured, ProfileInvalid, ProviderError
from keystead.resolve.providers.ec2 import EXTENSION, ec2_credentials
from keystead.system import System
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN, leaks

GOOD = {
    "Code": "Success",
    "LastUpdated": "2026-01-01T00:00:00Z",
    "Type": "AWS-HMAC",
    "AccessKeyId": ACCESS_KEY_ID,
    "SecretAccessKey": SECRET_KEY,
    "Token": SESSION_TOKEN,
    "Expiration": "2099-01-02T03:04:05Z",
}
ROLES = "/latest/meta-data/iam/security-credentials/"
CALLS = ["PUT /latest/api/token", f"GET {ROLES}", f"GET {ROLES}app-role"]


def system(**variables: str) -> System:
    environ = {**os.environ, **{f"AWS_{name}": value for name, value in variables.items()}}
    if environ["AWS_EC2_METADATA_DISABLED"] == "true" and "EC2_METADATA_DISABLED" not in variables:
        del environ["AWS_EC2_METADATA_DISABLED"]
    return System(environ, sleep=lambda _: None)


def failure(kind: type[KeysteadError], asked: System, **settings: object) -> KeysteadError:
    with pytest.raises(kind) as caught:
        ec2_credentials(asked, **settings)  # type: ignore[arg-type]
    assert not leaks(f"{caught.value} {caught.value.hint} {caught.value!r}")
    return caught.value


def version_one(document: object) -> object:
    """A service that knows no tokens."""

    def answer(request: Request) -> Reply:
        if request.method == "PUT":
            return Reply(404)
        return {ROLES: Reply(200, "app-role"), f"{ROLES}app-role": Reply(200, document)}[
            request.path
        ]

    return answer


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_role_of_the_instance_gives_credentials(slash: str) -> None:
    with serving(metadata_service(GOOD)) as service:
        found = ec2_credentials(system(), endpoint=service.url + slash)
    assert (found.access_key_id, found.secret_access_key) == (ACCESS_KEY_ID, SECRET_KEY)
    assert found.session_token == SESSION_TOKEN
    assert found.expires_at == datetime(2099, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert found.source == "ec2 instance role app-role"
    assert service.calls == CALLS


def test_botocore_sends_and_gets_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.utils import InstanceMetadataFetcher

    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    with serving(metadata_service(GOOD)) as service:
        theirs = InstanceMetadataFetcher(base_url=service.url + "/").retrieve_iam_role_credentials()
        ours = ec2_credentials(System(), endpoint=service.url)
    assert theirs["role_name"] == ours.source.split()[-1]
    assert (theirs["access_key"], theirs["secret_key"], theirs["token"]) == (
        ours.access_key_id,
        ours.secret_access_key,
        ours.session_token,
    )
    assert service.calls == CALLS + CALLS
    lives = {r.headers.get("x-aws-ec2-metadata-token-ttl-seconds") for r in service.requests[::3]}
    assert lives == {"21600"}


def test_variable_takes_precedence_over_the_setting() -> None:
    with serving(metadata_service(GOOD)) as service:
        asked = system(EC2_METADATA_SERVICE_ENDPOINT=service.url)
        ec2_credentials(asked, endpoint="http://127.0.0.1:1")
    assert service.calls == CALLS


def test_disabled_service_is_not_called() -> None:
    with serving(metadata_service(GOOD)) as service:
        failure(NotConfigured, system(EC2_METADATA_DISABLED="True"), endpoint=service.url)
    assert service.calls == []


@pytest.mark.parametrize(
    ("settings", "variables", "host"),
    [
        ({}, {}, "169.254.169.254"),
        ({"mode": "ipv4"}, {}, "169.254.169.254"),
        ({"mode": "IPv6"}, {}, "fd00:ec2::254"),
        ({"mode": "IPv4"}, {"EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"}, "fd00:ec2::254"),
    ],
)
def test_the_mode_decides_the_address(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], variables: dict[str, str], host: str
) -> None:
    dialled: list[tuple[str, int]] = []

    def refuse(address: tuple[str, int], *_rest: object, **_more: object) -> None:
        dialled.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", refuse)
    failure(NotConfigured, system(**variables), **settings)
    assert dialled == [(host, 80)]


@pytest.mark.parametrize(
    ("settings", "variables"),
    [
        ({"mode": "IPv5"}, {}),
        ({"endpoint": "no address"}, {}),
        ({"endpoint": f"http://user:{SECRET_KEY}@127.0.0.1"}, {}),
        ({}, {"METADATA_SERVICE_TIMEOUT": "0"}),
        ({}, {"METADATA_SERVICE_TIMEOUT": "soon"}),
        ({}, {"METADATA_SERVICE_NUM_ATTEMPTS": "-1"}),
    ],
)
def test_invalid_settings(settings: dict[str, str], variables: dict[str, str]) -> None:
    failure(ProfileInvalid, system(**variables), **settings)


def test_version_one_is_refused() -> None:
    with serving(version_one(GOOD)) as service:  # type: ignore[arg-type]
        error = failure(ProviderError, system(), endpoint=service.url)
        assert "does not speak version 2" in str(error)
        asked = system(EC2_METADATA_V1_DISABLED="true")
        failure(ProviderError, asked, endpoint=service.url, v1_disabled=False)
    assert set(service.calls) == {"PUT /latest/api/token"}


@pytest.mark.parametrize(
    ("variables", "disabled"), [({}, False), ({"EC2_METADATA_V1_DISABLED": "false"}, True)]
)
def test_version_one_is_used_if_enabled(variables: dict[str, str], disabled: bool) -> None:
    with serving(version_one(GOOD)) as service:  # type: ignore[arg-type]
        found = ec2_credentials(system(**variables), endpoint=service.url, v1_disabled=disabled)
    assert found.access_key_id == ACCESS_KEY_ID
    assert service.calls == CALLS
    assert all("x-aws-ec2-metadata-token" not in r.headers for r in service.requests)


def test_an_instance_without_a_role_has_no_credentials() -> None:
    for reply in (Reply(404, "<p>404</p>"), Reply(200, " \n")):
        with serving(lambda r, reply=reply: Reply(200, "t") if r.method == "PUT" else reply) as s:
            failure(NotConfigured, system(), endpoint=s.url)


def test_unreachable_configured_address_is_an_error() -> None:
    error = failure(ProviderError, system(), endpoint="http://127.0.0.1:1")
    assert str(error) == (
        "the EC2 metadata service at 127.0.0.1:1 could not be reached: connection refused"
    )


def test_number_of_attempts_follows_the_variable() -> None:
    replies = [Reply(500), Reply(500), Reply(200, "imds-token")]
    whole = metadata_service(GOOD)

    def answer(request: Request) -> Reply:
        return replies.pop(0) if replies else whole(request)

    with serving(answer) as service:
        asked = system(METADATA_SERVICE_NUM_ATTEMPTS="3")
        assert ec2_credentials(asked, endpoint=service.url).access_key_id == ACCESS_KEY_ID
    assert service.calls == CALLS[:1] * 2 + CALLS


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("", "it is empty"),
        (f"<p>{SECRET_KEY}", "it is not JSON"),
        ({**GOOD, "Code": "AssumeRoleUnauthorizedAccess", "Message": SECRET_KEY}, "`app-role`"),
        ({**GOOD, "SecretAccessKey": ""}, "has no `SecretAccessKey`"),
        ({**GOOD, "Token": None}, "has no `Token` or no `Expiration`"),
        ({**GOOD, "Expiration": None}, "has no `Token` or no `Expiration`"),
        ({**GOOD, "Expiration": SECRET_KEY}, "not an ISO 8601 time"),
    ],
)
def test_malformed_response_is_reported_without_quoting_it(document: object, said: str) -> None:
    with serving(metadata_service(document)) as service:
        error = failure(ProviderError, system(), endpoint=service.url)
    assert str(error).startswith("the EC2 metadata service at 127.0.0.1:")
    assert said in str(error)


@pytest.mark.parametrize("token", ["", "a\r\nb", SECRET_KEY + "\xe9"])
def test_a_token_that_cannot_be_sent_is_refused(token: str) -> None:
    with serving(metadata_service(GOOD, token=token)) as service:
        assert "it is not a token" in str(failure(ProviderError, system(), endpoint=service.url))


@pytest.mark.parametrize("role", ["../../user-data", "a?b", "<html>", "x" * 200])
def test_invalid_role_name_is_not_requested(role: str) -> None:
    with serving(metadata_service(GOOD, role=role)) as service:
        failure(ProviderError, system(), endpoint=service.url)
    assert service.calls == CALLS[:2]


def test_expired_credentials_of_the_service_are_used_for_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    ended = {**GOOD, "Expiration": (now - timedelta(hours=2)).isoformat()}
    asked = System(system().environ, clock=lambda: now)
    with serving(metadata_service(ended)) as service:
        found = ec2_credentials(asked, endpoint=service.url)
    assert (found.access_key_id, found.expires_at) == (ACCESS_KEY_ID, now + EXTENSION)
    (record,) = (r for r in caplog.records if r.levelno == logging.WARNING)
    assert "used all the same" in record.getMessage()
