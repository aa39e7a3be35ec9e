"""Every client by every way, on an emulator that checks signatures and session tokens."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from devtools.command import KEYSTEAD, clean_environ, run
from devtools.emulators import REGION, Emulator, furnish, ministack
from interop.client import Client
from interop.ways import WAYS, Given, Way

PROFILES = {"user": False, "role": True}
"""The profiles by name, and whether their keys come with a session token: a user's long-term keys,
and a role's, which end."""


class Cell(NamedTuple):
    """How a client did by a way; ``fault`` says what went wrong, in some lines."""

    client: Client
    way: Way
    fault: str

    @property
    def word(self) -> str:
        """What stands in the table."""
        if self.fault:
            return "**fails**"
        return "no" if self.way.name in self.client.cannot else "yes"


def cells(clients: Sequence[Client]) -> Iterator[Cell]:
    """Each client by each way, one after another."""
    with bench() as stand:
        for client in clients:
            for way in WAYS:
                yield Cell(client, way, stand.fault(client, way))


@contextlib.contextmanager
def bench() -> Iterator[Bench]:
    """An emulator and a home whose encrypted store has the profiles; no file there has keys."""
    with ministack() as emulator, tempfile.TemporaryDirectory(prefix="keystead-interop-") as folder:
        home = Path(folder)
        stand = Bench(emulator, home)
        world = furnish(emulator)
        stand.keystead("store", "init", "--protector", "keyfile", "--key-file", str(home / "key"))
        secret = f"aws_secret_access_key={world.secret_access_key}\n"
        own = [f"aws_access_key_id={world.access_key_id}", f"region={REGION}"]
        stand.keystead("set", "user", *own, "--secrets-from", "-", stdin=secret)
        role = [f"role_arn={world.role_arn}", "source_profile=user", f"region={REGION}"]
        stand.keystead("set", "role", *role)
        try:
            yield stand
        finally:
            stand.keystead("agent", "stop")


class Bench:
    """Where clients are run: each gets the emulator, and an agent that is not the user's own."""

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
        """What keystead prints; raises `RuntimeError` where it fails."""
        argv = [KEYSTEAD, *arguments]
        done = run(argv, environ=self._environ, cwd=self._home, stdin=stdin)
        if done.code != 0:
            raise RuntimeError(done.stderr)
        return done.stdout

    def fault(self, client: Client, way: Way) -> str:
        """What was wrong with the client's calls by the way, or an empty text."""
        faults = [
            f"profile {profile}: {fault}"
            for profile in PROFILES
            if (fault := self._fault(client, way, profile))
        ]
        if way.name in client.cannot:
            return "" if len(faults) == len(PROFILES) else "it is said that it cannot, and it can"
        return "\n".join(faults)

    def _fault(self, client: Client, way: Way, profile: str) -> str:
        # A role's session is kept, so that this is what the client gets as well.
        told = json.loads(self.keystead("process", profile))
        expected = (told["AccessKeyId"], PROFILES[profile])
        self._recorder.clear()
        environ = {**self._environ, **client.environ}
        done = way.run(Given(profile, self._home, environ, client.command(client.folder)))
        found = {
            (call.access_key_id, call.has_session_token)
            for call in self._recorder.calls
            if call.operation == client.operation
        }
        if done.code != 0:
            return f"exit code {done.code}: {(done.stderr or done.stdout).strip()[-600:]}"
        if found != {expected}:
            return f"it called with {sorted(found)} where {expected} was handed out"
        return ""
