"""Detects programs that request the credentials of the profile that they run for.

The variable `RUNNING` tells each program that keystead runs which programs it is nested in. Its
only possible effect is a refusal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from keystead.errors import Origin, ProfileCycle
from keystead.model.profile import Profile
from keystead.outside import parse_json
from keystead.value import NamedTuple

RUNNING = "KEYSTEAD_RUNNING_PROCESS"


class Link(NamedTuple):
    """One program that runs: the setting and the profile that name it.

    ``mark`` identifies the profile's place and the command, as two files may have profiles of one
    name.
    """

    setting: str
    profile: str
    mark: str

    @classmethod
    def of(cls, setting: str, profile: Profile, command: str) -> Link:
        """The link for the command that a setting of a profile has."""
        place = "\0".join((profile.location or "", command))
        mark = hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return cls(setting, profile.name, mark)

    def __str__(self) -> str:
        return self.profile + ("" if self.setting == "credential_process" else " (MFA)")


def require_no_ring(link: Link, environ: Mapping[str, str], where: Origin | None) -> None:
    """Raises `ProfileCycle`, with the whole ring, where the program runs already."""
    running = _running(environ)
    if link in running:
        ring = " > ".join(map(str, [*running[running.index(link) :], link]))
        raise ProfileCycle(
            f"`{link.setting}` runs keystead for credentials that need its own output: {ring}",
            id="credential-process-cycle",
            hint="name a profile in it that has its own credentials",
            where=where,
        )


def with_link(link: Link, environ: Mapping[str, str]) -> str:
    """The value of `RUNNING` for the program of ``link``."""
    return json.dumps([*_running(environ), link])


def _running(environ: Mapping[str, str]) -> list[Link]:
    """The programs that this process is nested in, the outermost first."""
    try:
        return [
            Link(str(setting), str(profile), str(mark))
            for setting, profile, mark in parse_json(environ.get(RUNNING) or "[]")
        ]
    except (ValueError, TypeError):
        return []
