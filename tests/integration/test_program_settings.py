"""Real commands behind a recording proxy: each channel calls the host that boto3 calls
with the profile. The bulk of the cases is in `tests/properties/test_client_settings_differential.py`.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.command import KEYSTEAD, USER_CACHE
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY

pytestmark = pytest.mark.posix("the command as a program, which is not installed there")

CONFIG = """[default]
region = eu-west-1
endpoint_url = http://default.example
ca_bundle = /no/such/file
[profile fips]
region = us-west-2
use_fips_endpoint = true
[profile legacy]
region = us-west-2
sts_regional_endpoints = legacy
[profile own]
region = us-west-2
services = own
[profile role]
role_arn = arn:aws:iam::123456789012:role/one
source_profile = own
region = eu-north-1
use_dualstack_endpoint = true
[services own]
sts =
  endpoint_url = http://own.example
"""
KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
CALLS = """
import boto3
for service, operation in (("sts", "get_caller_identity"), ("s3", "list_buckets")):
    try:
        getattr(boto3.client(service), operation)()
    except Exception:
        pass
"""


class Proxy:
    """Refuses every request and remembers the host that it was for."""

    def __init__(self) -> None:
        self.hosts: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                target = connection.recv(65536).split(b" ")[1].decode()
                self.hosts.append(target.removeprefix("http://").partition("/")[0])
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    def taken(self) -> list[str]:
        """The hosts since the last time, each once."""
        found, self.hosts = self.hosts, []
        return sorted(set(found))

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def proxy(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    folder = home / ".aws"
    folder.mkdir(mode=0o700)
    (folder / "config").write_text(CONFIG)
    credentials = "".join(f"[{name}]\n{KEYS}" for name in ("fips", "legacy", "own"))
    (folder / "credentials").touch(mode=0o600)
    (folder / "credentials").write_text(credentials)
    proxy = Proxy()
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    yield proxy
    proxy.close()


def run(*command: str, **environ: str) -> None:
    subprocess.run(
        command, env={**os.environ, **environ}, capture_output=True, timeout=60, check=False
    )


PYTHON = (sys.executable, "-c", CALLS)


@pytest.mark.parametrize("name", ["fips", "legacy", "own"])
def test_every_command_calls_the_host_that_boto3_calls_with_the_profile(
    name: str, proxy: Proxy
) -> None:
    run(*PYTHON, AWS_PROFILE=name)
    judge = proxy.taken()
    of_sts = [host for host in judge if "s3" not in host]
    assert len(judge) == 2
    run(KEYSTEAD, "exec", name, "--", *PYTHON)
    assert proxy.taken() == judge
    run(KEYSTEAD, "exec", name, "--hide-files", "--", *PYTHON)
    assert proxy.taken() == judge
    run(
        sys.executable,
        "-c",
        f"import keystead, boto3; boto3.client = keystead.session('{name}').client\n{CALLS}",
    )
    assert proxy.taken() == judge
    run(KEYSTEAD, "whoami", name)
    assert proxy.taken() == of_sts
    for line in (
        f"Get-STSCallerIdentity -ProfileName {name}",
        f"Set-AWSCredential -ProfileName {name}\nGet-STSCallerIdentity",
        f"$c = Get-AWSCredential {name}\nGet-STSCallerIdentity -Credential $c",
    ):
        run(KEYSTEAD, "shell", "-c", line)
        assert proxy.taken() == of_sts


def test_a_role_is_assumed_where_boto3_assumes_it(proxy: Proxy) -> None:
    run(*PYTHON, AWS_PROFILE="role")
    assert proxy.taken() == ["sts.eu-north-1.api.aws:443"]
    run(KEYSTEAD, "process", "role")
    assert proxy.taken() == ["sts.eu-north-1.api.aws:443"]


needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="made for processes of Linux")


def files_of_programs(folder: Path) -> list[Path]:
    return list(folder.rglob("programs/*"))


@needs_linux
def test_file_of_a_killed_command_is_removed(proxy: Proxy, keystead) -> None:
    command = [KEYSTEAD, "exec", "own", "--", "sh", "-c", "echo ready; exec sleep 60"]
    child = subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.PIPE)
    assert child.stdout
    child.stdout.readline()
    assert len(files_of_programs(keystead.root)) == 1
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    deadline = time.monotonic() + 10
    while files_of_programs(keystead.root) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not files_of_programs(keystead.root)


@needs_linux
def test_next_command_removes_leftovers_of_a_crash(proxy: Proxy, keystead) -> None:
    left = keystead.root / "keystead" / "programs" / "999999999-1-0123456789abcdef"
    left.mkdir(parents=True)
    (left / "config").write_text("[default]\n")
    assert keystead("exec", "fips", "--", "true").code == 0
    assert not left.exists()


def test_the_config_file_of_a_command_holds_no_secret_and_is_private(
    proxy: Proxy, keystead, home: Path
) -> None:
    keystead.plain.add(home / ".aws" / "config")
    with (home / ".aws" / "config").open("a") as file:
        file.write(f"[profile secret]\n{KEYS}[profile plain]\nregion = eu-west-3\n")
    show = "import os, stat; path = os.environ['AWS_CONFIG_FILE']; print(open(path).read()); print(*(oct(stat.S_IMODE(os.stat(p).st_mode)) for p in (path, os.path.dirname(path))))"
    done = keystead("exec", "own", "--", sys.executable, "-c", show)
    assert "[profile plain]" in done.stdout
    assert "[profile secret]" not in done.stdout
    assert SECRET_KEY not in done.stdout
    if os.name == "posix":
        assert done.stdout.splitlines()[-1] == "0o600 0o700"


@pytest.mark.needs("aws-sdk-net.sh")
@pytest.mark.parametrize("version", [["3"], []], ids=["3.7", "4.1"])
def test_a_program_of_dotnet_takes_default_unless_the_files_are_hidden(
    version: list[str], keystead, home: Path
) -> None:
    folder = home / ".aws"
    folder.mkdir(mode=0o700)
    (folder / "credentials").touch(mode=0o600)
    other = KEYS.replace(ACCESS_KEY_ID, "AKIAI44QH8DHBEXAMPLE")
    (folder / "credentials").write_text(f"[default]\n{other}[prod]\n{KEYS}")
    command = ["aws-sdk-net.sh", *version, "default"]

    def kind(*options: str) -> str:
        done = keystead("exec", "prod", *options, "--", *command, env=USER_CACHE)
        return json.loads(done.stdout)["fallback"]["type"]

    assert kind() == "Amazon.Runtime.BasicAWSCredentials"
    assert kind("--hide-files") == "Amazon.Runtime.EnvironmentVariablesAWSCredentials"
