"""AWS emulators on the loopback, over real HTTP, each behind a recorder.

`moto` has many services and checks almost nothing; `ministack` checks signatures, session tokens,
trust policies and external ids. Both end with the process that started them: moto runs in it, and
ministack watches a pipe from it.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from devtools.command import clean_environ
from devtools.recorder import Recorder, recording

REGION = "us-east-1"
READY_SECONDS = 30.0

# Ends ministack when the other end of its standard input closes, even by kill -9.
_TETHERED_MINISTACK = """
import os, sys, threading
def watch():
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
from ministack.app import main
sys.argv = ["ministack"]
main()
"""


@dataclass(frozen=True)
class Emulator:
    """A running emulator.

    ``upstream`` is its address without the recorder, for setting it up. Keys are those of its
    administrator.
    """

    upstream: str
    recorder: Recorder
    access_key_id: str
    secret_access_key: str
    reset_path: str

    @property
    def environ(self) -> Mapping[str, str]:
        """The variables that direct an AWS program to the recorder."""
        return {"AWS_ENDPOINT_URL": self.recorder.url, "AWS_REGION": REGION}

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
        """A boto3 client of the administrator, without the recorder."""
        import boto3

        return boto3.session.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            region_name=REGION,
        ).client(service, endpoint_url=self.upstream)

    def reset(self) -> None:
        """Reset the emulator and the recorded calls."""
        _http("POST", self.upstream + self.reset_path)
        self.recorder.clear()


@dataclass(frozen=True)
class World:
    """The result of `furnish`: a user with a key, a role that trusts the user, and two buckets."""

    access_key_id: str
    secret_access_key: str
    role_arn: str
    buckets: tuple[str, ...]


@contextlib.contextmanager
def moto() -> Iterator[Emulator]:
    """Moto's server in a thread of this process."""
    import logging

    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        upstream = f"http://{host}:{port}"
        with recording(upstream) as recorder:
            yield Emulator(
                upstream=upstream,
                recorder=recorder,
                access_key_id="AKIAADMINISTRATOR000",
                secret_access_key="moto checks no signature",
                reset_path="/moto-api/reset",
            )
    finally:
        server.stop()


@contextlib.contextmanager
def ministack() -> Iterator[Emulator]:
    """A ministack process that enforces its part of IAM."""
    with (
        tempfile.TemporaryDirectory(prefix="keystead-ministack-") as folder,
        socket.socket() as probe,
    ):
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        environ = {
            **clean_environ(os.environ),
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            # Its other listeners have fixed ports, which prevent a second run.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "TMPDIR": folder,
        }
        log_path = os.path.join(folder, "log")
        upstream = f"http://127.0.0.1:{port}"
        with open(log_path, "wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", _TETHERED_MINISTACK],
                env=environ,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _await_ready(process, upstream + "/_ministack/health", log_path)
            with recording(upstream) as recorder:
                yield Emulator(
                    upstream=upstream,
                    recorder=recorder,
                    access_key_id="test",
                    secret_access_key="test",
                    reset_path="/_ministack/reset",
                )
        finally:
            process.terminate()
            process.communicate()


def furnish(emulator: Emulator) -> World:
    """Create the user, role and buckets of the documentation's walk."""
    iam = emulator.client("iam")
    user = iam.create_user(UserName="my_source_user")["User"]
    key = iam.create_access_key(UserName="my_source_user")["AccessKey"]
    role = iam.create_role(
        RoleName="role-i-want-to-assume",
        AssumeRolePolicyDocument=_policy("sts:AssumeRole", Principal={"AWS": user["Arn"]}),
    )["Role"]
    iam.put_user_policy(
        UserName="my_source_user",
        PolicyName="assume-the-role",
        PolicyDocument=_policy("sts:AssumeRole", Resource=role["Arn"]),
    )
    iam.put_role_policy(
        RoleName="role-i-want-to-assume",
        PolicyName="list-buckets",
        PolicyDocument=_policy("s3:ListAllMyBuckets", Resource="*"),
    )
    s3 = emulator.client("s3")
    buckets = ("keystead-bucket1", "keystead-bucket2")
    for bucket in buckets:
        s3.create_bucket(Bucket=bucket)
    return World(key["AccessKeyId"], key["SecretAccessKey"], role["Arn"], buckets)


def _policy(action: str, **rest: object) -> str:
    statement = {"Effect": "Allow", "Action": action, **rest}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _await_ready(process: subprocess.Popen[bytes], url: str, log_path: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            _http("GET", url)
            return
        time.sleep(0.02)
    with open(log_path, encoding="utf-8", errors="replace") as log:
        raise RuntimeError(f"ministack did not get ready; it said:\n{log.read()}")


def _http(method: str, url: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, method=method), timeout=READY_SECONDS) as answer:
        answer.read()
