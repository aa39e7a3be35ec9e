"""Long-term keys at an endpoint: as they are, or exchanged for a session."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from devtools.service import Reply, Request
from devtools.service import serving as service
from tests.canaries import ACCESS_KEY_ID, MFA_CODE, SECRET_KEY
from tests.endpoints import ROLES, serving

KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
REGION = "region = eu-west-1\n"
SERIAL = "arn:aws:iam::123456789012:mfa/user"
BOTO = (
    "import boto3; found = boto3.Session().get_credentials().get_frozen_credentials();"
    "print(found.access_key, bool(found.token))"
)


@pytest.fixture(autouse=True)
def credentials_file(write_credentials: Callable[[str], Path]) -> Path:
    return write_credentials(f"[base]\n{KEYS}{REGION}")


class Sts:
    """An STS that gives each session different keys, for twelve hours."""

    def __init__(self) -> None:
        self.calls: list[dict[str, str]] = []

    def __call__(self, request: Request) -> Reply:
        call = dict(parse_qsl(request.body.decode()))
        self.calls.append(call)
        ends = datetime.now(UTC) + timedelta(hours=12)
        keys = (
            f"<AccessKeyId>ASIA{len(self.calls):016}</AccessKeyId>"
            "<SecretAccessKey>made</SecretAccessKey><SessionToken>token</SessionToken>"
            f"<Expiration>{ends:%Y-%m-%dT%H:%M:%SZ}</Expiration>"
        )
        result = f"{call['Action']}Result"
        return Reply(
            200,
            f"<{call['Action']}Response><{result}><Credentials>{keys}</Credentials></{result}>"
            f"</{call['Action']}Response>",
        )

    @property
    def operations(self) -> list[str]:
        return [call["Action"] for call in self.calls]


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sts]:
    answer = Sts()
    with service(answer) as found:
        monkeypatch.setenv("AWS_ENDPOINT_URL", found.url)
        yield answer


def test_both_protocols_serve_one_session_and_no_long_term_key(sts: Sts) -> None:
    with serving("base", "--session", "--container", "--imds") as server:
        found = [server.keys("base").document, server.imds("base", ROLES + "base").document]
    for document in found:
        assert document["AccessKeyId"].startswith("ASIA")
        assert document["Token"]
        assert SECRET_KEY not in document.values()
    assert found[0]["AccessKeyId"] == found[1]["AccessKeyId"]
    ends = datetime.strptime(found[0]["Expiration"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert ends - datetime.now(UTC) > timedelta(hours=11)
    assert sts.operations == ["GetSessionToken"]


def test_a_child_with_an_endpoint_gets_the_same_session(keystead, sts: Sts) -> None:
    with serving("base", "--session") as server:
        key = server.keys("base").document["AccessKeyId"]
    done = keystead("exec", "base", "--endpoint", "--session", "--", sys.executable, "-c", BOTO)
    assert done.stdout.split() == [key, "True"]
    assert sts.operations == ["GetSessionToken"]


def test_without_the_option_the_keys_themselves_are_served_with_a_warning(keystead) -> None:
    with serving("base", "--container", "--imds") as server:
        for document in (
            server.keys("base").document,
            server.imds("base", ROLES + "base").document,
        ):
            assert (document["AccessKeyId"], document["Token"]) == (ACCESS_KEY_ID, "")
    command = ["--", sys.executable, "-c", BOTO]
    done = keystead("exec", "base", "--endpoint", *command)
    assert done.stdout.split() == [ACCESS_KEY_ID, "False"]
    assert "SDKs for Java and Rust need --session" in done.stderr
    done = keystead("exec", "base", "--session", *command)
    assert (done.code, done.stdout) == (2, "")
    assert "--endpoint" in done.stderr


def test_with_a_device_it_is_an_mfa_session_shared_with_its_roles(
    credentials_file: Path, sts: Sts, keystead
) -> None:
    role = "role_arn = arn:aws:iam::123456789012:role/admin\nsource_profile = base\n"
    device = f"mfa_serial = {SERIAL}\n"
    credentials_file.write_text(f"[base]\n{KEYS}{REGION}{device}[admin]\n{REGION}{role}{device}")
    with serving("base", "--session", env={"KEYSTEAD_MFA_CODE": MFA_CODE}) as server:
        assert server.keys("base").status == 200
    assert keystead("process", "admin").code == 0
    assert sts.operations == ["GetSessionToken", "AssumeRole"]
    assert sts.calls[0]["SerialNumber"] == SERIAL


@pytest.mark.parametrize("token", [None, "printed"])
def test_long_term_keys_of_a_program_are_exchanged_for_a_session(
    credentials_file: Path, sts: Sts, home: Path, token: str | None
) -> None:
    printed = {"Version": 1, "AccessKeyId": ACCESS_KEY_ID, "SecretAccessKey": "made"}
    if token:
        printed["SessionToken"] = token
    (home / "keys.json").write_text(json.dumps(printed))
    credentials_file.write_text(f"[base]\ncredential_process = cat {home / 'keys.json'}\n{REGION}")
    with serving("base", "--session") as server:
        document = server.keys("base").document
    assert (document["AccessKeyId"] == ACCESS_KEY_ID) is bool(token)
    assert sts.operations == ([] if token else ["GetSessionToken"])


def test_refusal_of_sts_is_reported_with_a_workaround(
    keystead, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>"
    with service(lambda _: Reply(403, refusal)) as sts:
        monkeypatch.setenv("AWS_ENDPOINT_URL", sts.url)
        for arguments in (
            ["serve", "base", "--session"],
            ["exec", "base", "--endpoint", "--session", "--", "true"],
        ):
            done = keystead(*arguments)
            assert done.code == 7
            assert "cannot get a session for the long-term keys of profile `base`" in done.stderr
            assert "InvalidClientTokenId" in done.stderr
            assert "without --session" in done.stderr


def test_unreachable_sts_is_reported(keystead, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    done = keystead("serve", "base", "--session")
    assert done.code == 7
    assert "sts could not be called for GetSessionToken" in done.stderr
    assert "without --session" in done.stderr


def test_plan_names_the_session(keystead, sts: Sts) -> None:
    assert keystead("plan", "base").stdout == "base\n  keys of profile base\n"
    told = keystead("plan", "base", "--session")
    assert told.stdout == "base\n  keys of profile base\n  > session of these keys\n"
    before = json.loads(keystead("plan", "base", "--session", "--json").stdout)
    assert [call["operation"] for call in before["calls"]] == ["GetSessionToken"]
    assert before["cache"] == {"state": "none"}
    with serving("base", "--session"):
        pass
    after = json.loads(keystead("plan", "base", "--session", "--json").stdout)
    assert after["user_session"]["cache"]["state"] == "fresh"
    assert json.loads(keystead("plan", "base", "--json").stdout)["cache"] == {"state": "none"}
