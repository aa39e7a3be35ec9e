"""The names under which sessions are kept: everything that the requests for them depend on.

Pure. Two requests with one name get sessions that are as good as each other; whoever holds the
name learns nothing from it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace

from keystead.model.plan import AssumeRoleStep, Plan


def session_keys(
    plan: Plan, first: str, regions: Sequence[str | None], endpoint: str | None
) -> list[str]:
    """A name for the session that each step gives, behind the one for the base.

    Each depends on all before it and on ``first``, which stands for the base: the access key id of
    keys, else what `base_inputs` gives. ``regions`` are those that the steps are asked in,
    ``endpoint`` is the address of STS where it is not the region's own. A made-up session name
    counts as none.
    """
    keys = [_digest(plan.base.kind, first)]
    for step, region in zip(plan.steps, regions, strict=True):
        keys.append(_digest(keys[-1], endpoint, region, *_inputs(step, plan.made_up_name)))
    return keys


def base_inputs(plan: Plan, *more: str | None) -> str:
    """All that a base which is no key is asked for with; ``more`` is what the plan does not say."""
    base = plan.base
    name = None if base.role_session_name == plan.made_up_name else base.role_session_name
    fields = asdict(replace(base, profile="", role_session_name=name))
    return json.dumps([fields, more], sort_keys=True)


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
    import hashlib

    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]
