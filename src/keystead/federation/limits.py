"""How long a session of the console can last, by what the credentials are. Pure.

Rules: AWS's IAM user guide, "Enable custom identity broker access to the AWS console". The session
of a role lasts up to 12 hours, that of a role which was assumed with another role's session one
hour. A user's keys first become a federated user's session, which lasts up to 36 hours.
"""

from __future__ import annotations

import re

from keystead.errors import UsageError
from keystead.model.plan import CHAINED_SECONDS, Plan
from keystead.value import NamedTuple

LEAST_SECONDS = 900
_DURATION = re.compile(r"(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s?)?", re.ASCII)


class Limit(NamedTuple):
    """The longest duration in seconds, and its reason."""

    seconds: int
    reason: str


ROLE = Limit(43_200, "the console session of a role lasts at most 12 hours")
CHAINED = Limit(
    CHAINED_SECONDS,
    "a role that is assumed with another role's session is limited to one hour",
)
USER = Limit(129_600, "the session of a user's keys (GetFederationToken) lasts at most 36 hours")
FEDERATED = Limit(
    0,
    "the session of a federated user lasts as long as its credentials, and no duration can be set",
)


def parse_duration(text: str) -> int:
    """Seconds, from text such as ``8h``, ``1h30m``, ``90m`` or ``3600``. Raises `ValueError`."""
    found = _DURATION.fullmatch(text)
    if not found or not text:
        raise ValueError("is not a duration such as 8h, 90m or 3600")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def limit_of(plan: Plan) -> Limit | None:
    """The limit of the credentials of a plan; None where only the credentials show it."""
    if plan.steps:
        return CHAINED if plan.base.is_chained or len(plan.steps) > 1 else ROLE
    return ROLE if plan.base.is_chained else None


def limit_of_identity(arn: str) -> Limit:
    """The limit of temporary credentials of that identity.

    Raises `UsageError` for the session of a user, with which nobody can sign in to the console.
    """
    kind = arn.rpartition(":")[2].partition("/")[0]
    if kind == "assumed-role":
        return ROLE
    if kind == "federated-user":
        return FEDERATED
    raise UsageError(
        f"the credentials are a session of `{arn}`, which cannot sign in to the console",
        id="console-not-possible",
        hint="use a profile that assumes a role, or one with the user's own keys",
    )


def require_within(seconds: int | None, limit: Limit) -> None:
    """Raises `UsageError` where a console session cannot last that long."""
    if seconds is None or LEAST_SECONDS <= seconds <= limit.seconds:
        return
    reason = limit.reason
    if seconds < LEAST_SECONDS and limit.seconds:
        reason = "a console session lasts at least 15 minutes"
    raise UsageError(
        f"--duration is not possible: {reason}",
        id="console-duration",
        hint="leave it out, or give a duration that is possible",
    )
