"""Every client by every way, on an emulator that checks signatures and session tokens."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from devtools.command import KEYSTEAD, clean_environ, run
from devtools.emulators import REGION, Emulator, furnish, ministack
from interop.client import PROFILES, ROLE, USER, Client
from interop.ways import WAYS, Given, Way

_LIST_BUCKETS = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}],
    }
)

_ASK = """
import os, urllib.request as asking
request = asking.Request(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
request.add_header("Authorization", os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
print(asking.build_opener(asking.ProxyHandler({})).open(request).read().decode())
"""


class Cell(NamedTuple):
    """The result of a client for a way; ``fault`` describes a failure in a few lines."""

    client: Client
    way: Way
    fault: str

    @property
    def word(self) -> str:
        """The text of the cell in the table."""
        if self.fault:
            return "**fails**"
        return word(self.client, self.way)


def word(client: Client, way: Way) -> str:
    """Whether a client supports a way, according to its definition."""
    return "no" if way.name in client.cannot else "yes"


def cells(clients: Sequence[Client]) -> Iterator[Cell]:
    """Each client by each way, one after another."""
    with bench() as stand:
        for client in clients:
            for way in WAYS:
                yield Cell(client, way, stand.fault(client, way))


@contextlib.contextmanager
def bench() -> Iterator[Bench]:
    """An emulator and a home with the profiles in the encrypted store and no keys in files."""
    with ministack() as emulator, tempfile.TemporaryDirectory(prefix="keystead-interop-") as folder:
        home = Path(folder)
        stand = Bench(emulator, home)
        world = furnish(emulator)
        stand.keystead("store", "init", "--protector", "keyfile", "--key-file", str(home / "key"))
        secret = f"aws_secret_access_key={world.secret_access_key}\n"
        own = [f"aws_access_key_id={world.access_key_id}", f"region={REGION}"]
        stand.keystead("set", USER, *own, "--secrets-from", "-", stdin=secret)
        role = [f"role_arn={world.role_arn}", f"source_profile={USER}", f"region={REGION}"]
        stand.keystead("set", ROLE, *role)
        emulator.client("iam").put_user_policy(
            UserName="my_source_user", PolicyName="list-buckets", PolicyDocument=_LIST_BUCKETS
        )
        try:
            yield stand
        finally:
            stand.keystead("agent", "stop")


class Bench:
    """Runs clients with the emulator and a separate agent."""

    def __init__(self, emulator: Emulator, home: Path) -> None:
        self._recorder = emulator.recorder
        self._home = home
        self._environ = {
            **clean_environ(os.environ),
            **emulator.environ,
            "AWS_DEFAULT_REGION": REGION,
            "HOME": str(home),
            "KEYSTEAD_HOME": str(home / "keystead"),
        }

    def keystead(self, *arguments: str, stdin: str | None = None) -> str:
        """The output of keystead. Raises `RuntimeError` if it fails."""
        argv = [KEYSTEAD, *arguments]
        done = run(argv, environ=self._environ, cwd=self._home, stdin=stdin)
        if done.code != 0:
            raise RuntimeError(done.stderr)
        return done.stdout

    def fault(self, client: Client, way: Way, profiles: Iterable[str] = PROFILES) -> str:
        """The failure of the client's calls with the way, or an empty text."""
        faults = []
        for profile in profiles:
            fault = self._fault(client, way, profile)
            if way.name in client.cannot:
                fault = "" if fault else "it is marked as unsupported but works"
            if fault:
                faults.append(f"profile {profile}: {fault}")
        return "\n".join(faults)

    def _key(self, way: Way, profile: str) -> str:
        """The delivered access key id: sessions are cached, so the client gets the same one."""
        if way.ending:
            asked = ["exec", profile, "--endpoint", "--session", "--", sys.executable, "-c", _ASK]
        else:
            asked = ["process", profile]
        return str(json.loads(self.keystead(*asked))["AccessKeyId"])

    def _fault(self, client: Client, way: Way, profile: str) -> str:
        expected = (self._key(way, profile), way.ending or PROFILES[profile])
        self._recorder.clear()
        environ = {**self._environ, **client.environ}
        command = client.command(client.folder)
        done = way.run(Given(profile, self._home, environ, command, client.shell))
        found = {
            (call.access_key_id, call.has_session_token)
            for call in self._recorder.calls
            if call.operation == client.operation
        }
        if done.code != 0:
            return f"exit code {done.code}: {(done.stderr or done.stdout).strip()[-600:]}"
        if found != {expected}:
            return f"it called with {sorted(found)}, but {expected} was delivered"
        return ""
