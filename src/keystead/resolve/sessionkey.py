"""The names under which sessions are kept: everything that the requests for them depend on.

Pure. Two requests with one name get sessions that are as good as each other; whoever holds the
name learns nothing from it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from keystead.model.credentials import Credentials
from keystead.model.plan import AssumeRoleStep, Plan


def session_keys(
    plan: Plan, base: Credentials, regions: Sequence[str | None], endpoint: str | None
) -> list[str]:
    """A name for the session that each step gives.

    Each depends on all steps before it and on the identity of the first key, which is its access
    key id. ``regions`` are those that the steps are asked in, ``endpoint`` is the address of STS
    where it is not the region's own. A made-up session name counts as none.
    """
    key = _digest("static", base.access_key_id, base.session_token and _digest(base.session_token))
    keys: list[str] = []
    for step, region in zip(plan.steps, regions, strict=True):
        key = _digest(key, endpoint, region, *_inputs(step, plan.made_up_name))
        keys.append(key)
    return keys


def _inputs(step: AssumeRoleStep, made_up_name: str | None) -> tuple[str | int | None, ...]:
    name = step.role_session_name
    return (
        step.role_arn,
        None if name == made_up_name else name,
        step.external_id,
        step.mfa_serial,
        step.duration_seconds,
    )


def _digest(*parts: str | int | None) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]
