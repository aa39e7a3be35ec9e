"""The support code of the other tests: isolation, secret detection, emulators, recorder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from devtools.command import run
from devtools.emulators import REGION, Emulator, World, furnish
from tests.canaries import MFA_CODE, SECRETS, leaks

REPOSITORY = Path(__file__).parent.parent


@pytest.mark.parametrize("name", SECRETS)
def test_secret_is_found_whole_in_halves_and_encoded(name):
    secret = SECRETS[name]
    half = len(secret) // 2
    for text in (secret, secret[:half], secret[half:], secret.encode().hex()):
        assert leaks(f"x{text}x") == [name]


def test_the_mfa_code_is_found_alone_and_not_inside_a_longer_number():
    assert leaks(f"code={MFA_CODE}.") == ["the MFA code"]
    assert leaks(f"keystead-1{MFA_CODE}4") == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("print(SECRET_KEY)", "the secret key shows in the captured output or log"),
        ("print(PASSPHRASE, file=sys.stderr)", "the passphrase shows in the captured output"),
        ("logging.getLogger('keystead.x').debug(SESSION_TOKEN)", "the session token shows in the"),
        ("(home / 'a').write_text(SECRET_KEY)", "a secret stands readable in"),
        ("socket.create_connection(('192.0.2.1', 80))", "a test tried to reach 192.0.2.1"),
    ],
)
def test_a_test_that_leaks_or_leaves_the_machine_fails(body, reason, tmp_path):
    test = tmp_path / "test_it.py"
    test.write_text(
        "import logging, socket, sys\n"
        "from tests.canaries import *\n"
        f"def test_it(home):\n    {body}\n"
        "def test_quiet(home):\n    (home / 'a').write_text('x')\n"
    )
    pytest_alone = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
    ]
    done = run(
        [*pytest_alone, "-c", "pyproject.toml", "--rootdir", str(tmp_path), str(test)],
        environ=os.environ,
        cwd=REPOSITORY,
    )
    assert done.code == 1
    assert reason in done.stdout
    assert "test_quiet" not in done.stdout.partition("short test summary")[2]


def test_environment_has_nothing_of_the_machine(home, tmp_path):
    aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    assert aws == {"AWS_EC2_METADATA_DISABLED": "true"}
    assert os.environ["HOME"] == str(home)
    assert os.environ["KEYSTEAD_HOME"].startswith(str(tmp_path))
    assert list(home.iterdir()) == []


def client(service: str, url: str, *keys: str):
    return boto3.session.Session(*keys, region_name=REGION).client(service, endpoint_url=url)


def list_buckets_by_role(emulator: Emulator, world: World) -> tuple[str, list[str]]:
    url = emulator.recorder.url
    sts = client("sts", url, world.access_key_id, world.secret_access_key)
    role = sts.assume_role(
        RoleArn=world.role_arn,
        RoleSessionName="bench",
        SerialNumber="arn:aws:iam::123456789012:mfa/bench",
        TokenCode=MFA_CODE,
        DurationSeconds=900,
    )["Credentials"]
    s3 = client("s3", url, role["AccessKeyId"], role["SecretAccessKey"], role["SessionToken"])
    buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    return role["AccessKeyId"], buckets


@pytest.mark.parametrize("name", ["moto", "ministack"])
def test_recorder_has_caller_and_call(name, request):
    emulator = request.getfixturevalue(name)
    world = furnish(emulator)
    assert emulator.recorder.calls == []

    role_key, buckets = list_buckets_by_role(emulator, world)

    assert buckets == list(world.buckets)
    assume, listing = emulator.recorder.calls
    assert (assume.service, assume.operation) == ("sts", "AssumeRole")
    assert assume.access_key_id == world.access_key_id
    assert not assume.has_session_token
    assert assume.parameters == {
        "DurationSeconds": "900",
        "RoleArn": world.role_arn,
        "RoleSessionName": "bench",
        "SerialNumber": "arn:aws:iam::123456789012:mfa/bench",
        "TokenCode": MFA_CODE,
    }
    assert str(listing) == f"s3 ListBuckets {role_key}"
    assert listing.has_session_token


def test_ministack_refuses_wrong_signatures_and_denied_calls(ministack):
    world = furnish(ministack)
    url = ministack.recorder.url
    wrong = client("sts", url, world.access_key_id, "not the key")
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        wrong.get_caller_identity()
    user = client("s3", url, world.access_key_id, world.secret_access_key)
    with pytest.raises(ClientError, match="AccessDenied"):
        user.list_buckets()


@pytest.mark.parametrize("name", ["moto", "ministack"])
def test_a_reset_emulator_is_empty(name, request):
    emulator = request.getfixturevalue(name)
    furnish(emulator)
    emulator.reset()
    assert emulator.client("s3").list_buckets()["Buckets"] == []
    assert emulator.client("iam").list_users()["Users"] == []
