"""A running `keystead serve`, and raw requests to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from devtools.command import KEYSTEAD, served

URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
IMDS = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
TTL = "X-aws-ec2-metadata-token-ttl-seconds"
IMDS_TOKEN = "X-aws-ec2-metadata-token"
ROLES = "/latest/meta-data/iam/security-credentials/"
EXTENDED = "/latest/meta-data/iam/security-credentials-extended/"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def document(self) -> dict[str, str]:
        return json.loads(self.text)


def ask(
    url: str, headers: Mapping[str, str] | None = None, method: str = "GET", body: str | None = None
) -> Answer:
    """One request on a separate connection, whose headers are exactly those and Host."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    with contextlib.closing(connection):
        given = {"Host": parts.netloc, **(headers or {})}
        connection.putrequest(method, parts.path, skip_host=True, skip_accept_encoding=True)
        for name, value in given.items():
            connection.putheader(name, value)
        connection.endheaders(body.encode() if body is not None else None)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read().decode())


def status_for_another_user(url: str) -> str:
    """The status that a program of another user gets; only root can start one."""
    code = (
        "import sys, urllib.request as r\n"
        "try: print(r.build_opener(r.ProxyHandler({})).open(sys.argv[1]).status)\n"
        "except r.HTTPError as error: print(error.code)\n"
    )
    done = subprocess.run(
        ["/usr/bin/env", "python3", "-c", code, url],
        user=65534,
        cwd="/",
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin"},
    )
    assert done.stdout, done.stderr
    return done.stdout.strip()


class Serving:
    """A `keystead serve` that has printed its variables."""

    def __init__(self, process: subprocess.Popen[str], shown: list[dict]) -> None:
        self.process = process
        self.shown = shown

    def variables(self, profile: str, kind: str = "container") -> dict[str, str]:
        return next(
            row["variables"]
            for row in self.shown
            if (row["profile"], row["kind"]) == (profile, kind)
        )

    def url(self, profile: str, kind: str = "container") -> str:
        return next(
            row["url"] for row in self.shown if (row["profile"], row["kind"]) == (profile, kind)
        )

    def token(self, profile: str) -> str:
        return Path(self.variables(profile)[TOKEN_FILE]).read_text()

    def keys(self, profile: str, **headers: str) -> Answer:
        """The profile's credentials, by the container protocol."""
        return ask(self.url(profile), {"Authorization": self.token(profile), **headers})

    def imds_token(self, profile: str, ttl: str = "21600") -> Answer:
        return ask(self.url(profile, "imds") + "/latest/api/token", {TTL: ttl}, "PUT")

    def imds(self, profile: str, path: str, token: str | None = None) -> Answer:
        given = token if token is not None else self.imds_token(profile).text
        return ask(self.url(profile, "imds") + path, {IMDS_TOKEN: given})


@contextlib.contextmanager
def serving(*arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Serving]:
    """Runs `keystead serve`; it has to end by itself, with exit code 0, when it is asked to."""
    process = subprocess.Popen(
        [KEYSTEAD, "serve", "--json", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
        start_new_session=True,
    )
    try:
        assert process.stdout
        text = served(process.stdout)
        if not text.endswith("]\n"):
            _, errors = process.communicate(timeout=30)
            raise AssertionError(f"it does not serve: {errors}")
        yield Serving(process, json.loads(text))
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()
