"""`keystead serve` as SDKs and curl see it: real servers on the loopback, real clients."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from devtools.emulators import Emulator
from devtools.service import Reply
from devtools.service import serving as service
from keystead.http import sockets
from keystead.http.guards import Refusal, Request
from keystead.serve.metadata import MetadataService
from keystead.serve.served import ServedProfile
from tests import endpoints
from tests.canaries import ACCESS_KEY_ID, SECOND_SECRET_KEY, SECRET_KEY, SESSION_TOKEN
from tests.endpoints import EXTENDED, ROLES, TOKEN_FILE, TTL, URI, ask, serving
from tests.modes import PRIVATE_FILE, mode

pytestmark = pytest.mark.posix("signals of POSIX and its shells")

KEYS = f"""[base]
aws_access_key_id = {ACCESS_KEY_ID}
aws_secret_access_key = {SECRET_KEY}
aws_session_token = {SESSION_TOKEN}
region = eu-west-1
"""
ROLE = """[admin]
role_arn = arn:aws:iam::123456789012:role/admin
source_profile = base
"""
BOTO = """
import boto3, json
session = boto3.Session()
found = session.get_credentials()
frozen = found.get_frozen_credentials()
print(json.dumps([found.method, frozen.access_key, frozen.secret_key, frozen.token or ""]))
"""


@pytest.fixture(autouse=True)
def credentials_file(write_credentials: Callable[[str], Path]) -> Path:
    return write_credentials(KEYS + ROLE)


def client(code: str, variables: dict[str, str]) -> list[str]:
    """What a program prints that has the variables and no profile set."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environ |= {"HOME": "/nonexistent", **variables}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_boto3_reads_the_container_endpoint() -> None:
    with serving("base") as server:
        found = client(BOTO, server.variables("base"))
    assert found == ["container-role", ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN]


def test_boto3_reads_the_metadata_endpoint() -> None:
    with serving("base", "--imds") as server:
        assert client(BOTO, server.variables("base", "imds")) == [
            "iam-role",
            ACCESS_KEY_ID,
            SECRET_KEY,
            SESSION_TOKEN,
        ]


def test_boto3_finds_the_region_in_the_metadata() -> None:
    code = (
        "import json; from botocore.session import Session; from botocore.utils import "
        "IMDSRegionProvider; print(json.dumps(IMDSRegionProvider(Session()).provide()))"
    )
    with serving("base", "--imds") as server:
        assert client(code, server.variables("base", "imds")) == "eu-west-1"


def test_the_metadata_names_account_role_and_region(moto: Emulator) -> None:
    """What SDKs request in addition to keys: .NET and Terraform `iam/info`, Java and Go the document."""
    with serving("admin", "--imds", env={"AWS_REGION": "eu-west-1"}) as server:

        def document(path: str) -> dict[str, str]:
            answer = server.imds("admin", path)
            assert answer.status == 200, path
            return answer.document

        info = document("/latest/meta-data/iam/info")
        identity = document("/latest/dynamic/instance-identity/document")
        assert server.imds("admin", EXTENDED).text == "admin"
        keys = document(EXTENDED + "admin")
        usual = document(ROLES + "admin")
    assert info["Code"] == "Success"
    assert info["InstanceProfileArn"] == "arn:aws:iam::123456789012:instance-profile/admin"
    assert info["LastUpdated"].endswith("Z")
    assert identity["accountId"] == "123456789012"
    assert (identity["region"], identity["availabilityZone"]) == ("eu-west-1", "eu-west-1a")
    assert keys["AccountId"] == "123456789012"
    assert keys["AccessKeyId"] == usual["AccessKeyId"]


def test_metadata_omits_an_unknown_account() -> None:
    with serving("base", "--imds") as server:
        info = server.imds("base", "/latest/meta-data/iam/info").document
        identity = server.imds("base", "/latest/dynamic/instance-identity/document").document
        keys = server.imds("base", EXTENDED + "base").document
    assert info["Code"] == "Success"
    assert "InstanceProfileArn" not in info
    assert "accountId" not in identity
    assert "AccountId" not in keys


@pytest.mark.parametrize(
    ("ttl", "status"),
    [
        *(("1", 200), ("21600", 200), ("00060", 200)),
        *(
            (ttl, 400)
            for ttl in ("", "0", "-1", "+1", " 1", "1.0", "1e3", "1_0", "21601", "\u0661")
        ),
        *((ttl, 400) for ttl in ("000000001999999999", "1" * 5000, "\xb2")),
    ],
    ids=lambda value: str(value)[:20].encode("unicode_escape").decode(),
)
def test_a_metadata_token_lives_for_six_hours_at_most(ttl: str, status: int) -> None:
    assert metadata_token(ttl) == status


def metadata_token(ttl: str) -> int:
    """The status for a request for a token, whatever bytes it has in its header."""
    profile = ServedProfile("p", open_profile=None, version=int, clock=None)
    service = MetadataService(profile, lambda: b"secret", clock=None)
    request = Request("PUT", "/latest/api/token", {TTL.lower(): ttl}, None, None)
    try:
        return service.answer(request).status
    except Refusal as refusal:
        return refusal.status


@pytest.mark.needs("curl")
def test_curl_with_the_token_of_the_file() -> None:
    with serving("base") as server:
        variables = server.variables("base")
        line = f'curl -sS --noproxy "*" -H "Authorization: $(cat ${TOKEN_FILE})" ${URI}'
        done = subprocess.run(
            ["sh", "-c", line], env={**os.environ, **variables}, capture_output=True, check=True
        )
        document = json.loads(done.stdout)
    assert document["SecretAccessKey"] == SECRET_KEY
    assert set(document) == {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}


def test_role_is_assumed_once_for_all_clients(moto: Emulator) -> None:
    with serving("admin", "--container", "--imds") as server:
        answers = []
        threads = [
            threading.Thread(target=lambda: answers.append(server.keys("admin"))) for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        metadata = server.imds("admin", ROLES + "admin").document
    assert {answer.status for answer in answers} == {200}
    keys = {answer.document["AccessKeyId"] for answer in answers} | {metadata["AccessKeyId"]}
    assert len(keys) == 1
    assert metadata["Code"] == "Success"
    assert [call.operation for call in moto.recorder.calls] == ["AssumeRole"]


def test_each_profile_has_its_own_address_and_token(credentials_file: Path) -> None:
    other = KEYS.replace("[base]", "[a/c]").replace(ACCESS_KEY_ID, "AKIAI44QH8DHBEXAMPLE")
    credentials_file.write_text(KEYS + other)
    with serving("base", "a/c", "--container", "--imds") as server:
        assert server.keys("base").document["AccessKeyId"] == ACCESS_KEY_ID
        assert server.keys("a/c").document["AccessKeyId"] == "AKIAI44QH8DHBEXAMPLE"
        assert client(BOTO, server.variables("a/c"))[1] == "AKIAI44QH8DHBEXAMPLE"
        assert client(BOTO, server.variables("a/c", "imds"))[1] == "AKIAI44QH8DHBEXAMPLE"
        foreign = ask(server.url("base"), {"Authorization": server.token("a/c")})
        assert foreign.status == 401
        token = server.imds_token("a/c").text
        assert server.imds("base", ROLES, token).status == 401


def test_without_a_name_it_is_the_profile_of_the_default_search() -> None:
    with serving(env={"AWS_PROFILE": "base"}) as server:
        assert server.keys("base").status == 200


def test_token_is_in_a_private_file_removed_with_the_server() -> None:
    with serving("base") as server:
        path = Path(server.variables("base")[TOKEN_FILE])
        assert mode(path) == PRIVATE_FILE
        assert len(path.read_text()) == 64
    assert not path.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_the_server_cleanly(number: int) -> None:
    with serving("base") as server:
        server.process.send_signal(number)
        assert server.process.wait(30) == 0
        assert server.process.stderr.read() == ""


def test_token_is_revoked_by_removing_its_file_and_changed_by_writing_it() -> None:
    with serving("base", "--container", "--imds") as server:
        token = server.token("base")
        metadata_token = server.imds_token("base").text
        path = Path(server.variables("base")[TOKEN_FILE])
        path.write_text("another-token")
        assert ask(server.url("base"), {"Authorization": token}).status == 401
        assert ask(server.url("base"), {"Authorization": "another-token"}).status == 200
        assert server.imds("base", ROLES, metadata_token).status == 401
        path.unlink()
        assert ask(server.url("base"), {"Authorization": "another-token"}).status == 401
        assert ask(server.url("base"), {"Authorization": ""}).status == 401
        assert server.imds_token("base").status == 403


def test_a_connection_that_stays_open_sees_each_change(credentials_file: Path) -> None:
    with serving("base") as server:
        path = Path(server.variables("base")[TOKEN_FILE])
        given = {"Authorization": path.read_text()}
        where = urlsplit(server.url("base"))
        with contextlib.closing(HTTPConnection(where.hostname, where.port)) as connection:

            def status() -> int:
                connection.request("GET", where.path, headers=given)
                response = connection.getresponse()
                response.read()
                return response.status

            for _ in range(2):
                assert [status(), status()] == [200, 200]
                credentials_file.write_text(KEYS.replace("[base]", "[another]"))
                assert [status(), status()] == [404, 404]
                credentials_file.write_text(KEYS)
                assert [status(), status()] == [200, 200]
                path.unlink()
                assert [status(), status()] == [401, 401]
                path.write_text(given["Authorization"])
                path.chmod(0o600)


def test_a_profile_that_is_changed_while_it_is_served(credentials_file: Path) -> None:
    with serving("base") as server:
        assert server.keys("base").document["SecretAccessKey"] == SECRET_KEY
        credentials_file.write_text(KEYS.replace(SECRET_KEY, SECOND_SECRET_KEY))
        assert server.keys("base").document["SecretAccessKey"] == SECOND_SECRET_KEY


def test_a_profile_that_is_removed_or_broken_while_it_is_served(credentials_file: Path) -> None:
    with serving("base", "--container", "--imds") as server:
        credentials_file.write_text("[other]\n")
        gone = server.keys("base")
        assert (gone.status, gone.document["code"]) == (404, "ProfileNotFound")
        assert "base" in gone.document["message"]
        gone = server.imds("base", ROLES + "base")
        assert (gone.status, gone.document["Code"]) == (404, "ProfileNotFound")
        credentials_file.write_text("[base]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n")
        broken = server.keys("base")
        assert (broken.status, broken.document["code"]) == (409, "ProfileInvalid")
        credentials_file.write_text(KEYS)
        assert server.keys("base").status == 200


def test_a_provider_that_fails_or_is_slow_does_not_hold_up_the_others(
    credentials_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def slow(_request: object) -> Reply:
        asked.set()
        go_on.wait(60)
        return Reply(403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>")

    with service(slow) as sts:
        monkeypatch.setenv("AWS_ENDPOINT_URL", sts.url)
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        credentials_file.write_text(KEYS + KEYS.replace("[base]", "[admin]"))
        with serving("base", "admin") as server:
            credentials_file.write_text(KEYS + ROLE)  # now it has to ask STS, which takes its time
            answers = []
            thread = threading.Thread(target=lambda: answers.append(server.keys("admin")))
            thread.start()
            assert asked.wait(60)
            assert server.keys("base").status == 200
            assert answers == []
            go_on.set()
            thread.join()
    assert (answers[0].status, answers[0].document["code"]) == (502, "ProviderError")


def test_profile_that_needs_a_prompt_is_an_error(credentials_file: Path, moto: Emulator) -> None:
    with serving("base") as server:
        mfa = "mfa_serial = arn:aws:iam::123456789012:mfa/user\n"
        credentials_file.write_text(
            KEYS.replace("[base]", "[src]")
            + ROLE.replace("admin]", "base]").replace("= base", "= src")
            + mfa
        )
        answer = server.keys("base")
    assert (answer.status, answer.document["code"]) == (409, "InteractionRequired")


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["nobody"], 3, "nobody"),
        (["base", "--host", "0.0.0.0"], 2, "every address"),
        (["base", "--host", "::"], 2, "every address"),
        (["base", "--host", "example.com"], 2, "not an IP address"),
        (["base", "--host", "192.0.2.1"], 1, "cannot listen"),
        (["base", "--port", "65536"], 2, "--port"),
        (["base", "--port", "x"], 2, "--port"),
        (["base", "--hop-limit", "0"], 2, "--hop-limit"),
        (["base", "--hop-limit", "65"], 2, "--hop-limit"),
    ],
)
def test_unservable_profile_is_reported(
    keystead, arguments: list[str], code: int, text: str
) -> None:
    done = keystead("serve", *arguments)
    assert done.code == code
    assert text in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("hops", [1, 2])
def test_responses_have_the_hop_limit(hops: int) -> None:
    with sockets.listen("127.0.0.1", 0, hops) as sock:
        with socket.create_connection(sockets.address_of(sock)):
            accepted, _ = sock.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_IP, socket.IP_TTL) == hops
            assert accepted.proto == socket.IPPROTO_TCP  # or asyncio would let Nagle wait


def test_port_in_use_is_reported(keystead) -> None:
    with serving("base") as server:
        port = server.url("base").split(":")[2].split("/")[0]
        done = keystead("serve", "base", "--port", port)
    assert done.code == 1
    assert f"cannot listen at port {port} of 127.0.0.1" in done.stderr


def test_another_address_than_the_loopback_is_warned_of() -> None:
    with serving("base") as server:
        assert server.process.poll() is None
    own = subprocess.run(["hostname", "-I"], capture_output=True, text=True).stdout.split()
    for address in [found for found in own if "." in found][:1]:
        with serving("base", "--host", address) as server:
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(30)
            assert "keystead: warning: any client that reaches" in server.process.stderr.read()


def test_what_it_prints_can_be_evaluated(home: Path) -> None:
    process = subprocess.Popen(
        [endpoints.KEYSTEAD, "serve", "base"], stdout=subprocess.PIPE, text=True
    )
    lines = [process.stdout.readline().strip() for _ in range(3)]
    process.terminate()
    assert process.wait(30) == 0
    assert lines[0] == "# base (container)"
    assert lines[1].startswith(f"{URI}=http://127.0.0.1:")
    assert lines[2].startswith(f"{TOKEN_FILE}=")
    process.stdout.close()


def test_default_profile_that_takes_precedence_over_an_endpoint_is_warned_of(
    credentials_file: Path,
) -> None:
    credentials_file.write_text(KEYS + KEYS.replace("[base]", "[default]"))
    with serving("base") as server:
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(30)
        assert "AWS_SHARED_CREDENTIALS_FILE=" in server.process.stderr.read()


def test_each_grant_is_in_the_audit_log(keystead) -> None:
    with serving("base") as server:
        for _ in range(5):  # on a busy machine the time to look for the client may not suffice
            client(BOTO, server.variables("base"))
            entry = json.loads(keystead("audit", "--json").stdout)[-1]
            if entry["program"]:
                break
    assert (entry["profile"], entry["way"]) == ("base", "serve")
    if sys.platform == "linux":
        assert entry["program"] == os.path.realpath(sys.executable)
