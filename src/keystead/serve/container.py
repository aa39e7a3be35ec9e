"""The container credentials protocol of ECS and EKS Pod Identity: one URL for each profile.

GET, with the token as the whole Authorization header; the answer is a JSON object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import quote

from keystead.http.guards import PAGES_AND_PROXIES, Answer, Refusal, Request
from keystead.http.tokens import Token, matches
from keystead.serve.documents import Prepared, container_document
from keystead.serve.served import ServedProfile
from keystead.value import NamedTuple

_FOLDER = "/credentials/"


def path_of(name: str) -> str:
    """The path of a profile's URL."""
    return _FOLDER + quote(name, safe="")


class _Door(NamedTuple):
    """A profile, and the token for it."""

    profile: ServedProfile
    token: Token
    prepared: Prepared


class ContainerService:
    """Serves ``profiles``, each with its token."""

    methods = frozenset({"GET"})
    foreign = PAGES_AND_PROXIES

    def __init__(
        self, profiles: Mapping[str, tuple[ServedProfile, Token]], clock: Callable[[], datetime]
    ) -> None:
        self._doors = {
            name: _Door(profile, token, Prepared(container_document))
            for name, (profile, token) in profiles.items()
        }
        self._clock = clock

    def answer(self, request: Request) -> Answer:
        """The keys. Without the right token, missing profiles get the same answer."""
        name = request.path.removeprefix(_FOLDER) if request.path.startswith(_FOLDER) else ""
        door = self._doors.get(name)
        given = request.headers.get("authorization", "")
        if not matches(door.token if door else None, given) or door is None:
            raise Refusal(
                401, "Unauthorized", "the Authorization header is not the token of this address"
            )
        return door.prepared.answer(door.profile.hand_out(request), self._clock())
