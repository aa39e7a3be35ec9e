"""Every client by every way, on an emulator that checks signatures and session tokens."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from devtools.command import KEYSTEAD, clean_environ, run
from devtools.emulators import REGION, Emulator, World, furnish, ministack
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
    with ministack() as emulator, tempfile.TemporaryDirectory(prefix="keystead-interop-") as folder:
        location = _profiles(Path(folder), furnish(emulator))
        home = Path(folder) / "home"
        home.mkdir()
        for client in clients:
            for way in WAYS:
                yield Cell(client, way, _try(client, way, location, home, emulator))


def _profiles(folder: Path, world: World) -> Path:
    location = folder / "credentials"
    location.write_text(
        f"[user]\naws_access_key_id = {world.access_key_id}\n"
        f"aws_secret_access_key = {world.secret_access_key}\nregion = {REGION}\n"
        f"[role]\nrole_arn = {world.role_arn}\nsource_profile = user\nregion = {REGION}\n"
    )
    location.chmod(0o600)
    return location


def _try(client: Client, way: Way, location: Path, home: Path, emulator: Emulator) -> str:
    """What was wrong with the client's calls by the way, or an empty text."""
    faults = [
        f"profile {profile}: {fault}"
        for profile, temporary in PROFILES.items()
        if (fault := _call(client, way, profile, temporary, location, home, emulator))
    ]
    if way.name in client.cannot:
        return "" if len(faults) == len(PROFILES) else "it is said that it cannot, and it can"
    return "\n".join(faults)


def _call(
    client: Client,
    way: Way,
    profile: str,
    temporary: bool,
    location: Path,
    home: Path,
    emulator: Emulator,
) -> str:
    environ = {**clean_environ(os.environ), **emulator.environ, "AWS_DEFAULT_REGION": REGION, "HOME": str(home)}
    given = Given(
        profile, location, home, {**environ, **client.environ}, client.command(client.folder)
    )
    # A role's session is kept, so that this is what the client gets as well.
    told = run(
        [KEYSTEAD, "process", "--location", str(location), profile], environ=environ, cwd=home
    )
    expected = (json.loads(told.stdout)["AccessKeyId"], temporary)
    emulator.recorder.clear()
    done = way.run(given)
    found = {
        (call.access_key_id, call.has_session_token)
        for call in emulator.recorder.calls
        if call.operation == client.operation
    }
    if done.code != 0:
        return f"exit code {done.code}: {(done.stderr or done.stdout).strip()[-600:]}"
    if found != {expected}:
        return f"it called with {sorted(found)} where {expected} was handed out"
    return ""
