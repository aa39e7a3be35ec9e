"""The names under which sessions are kept: everything that the requests for them depend on.

Pure. Two requests with one name get sessions that are as good as each other; whoever holds the
name learns nothing from it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from keystead.model.calls import Call
from keystead.model.plan import AssumeRoleStep, Plan

_WHO_ASKS = ("profile", "region", "mfa_answer")
"""Fields that do not change what STS gives: the region counts as part of the call."""


def session_keys(plan: Plan, first: str, called: Sequence[Call]) -> list[str]:
    """A name for the base, the user's session if there is one, and the session of each step.

    Each depends on all before it and on ``first``, which stands for the base: the access key id of
    keys, else what `base_inputs` gives. ``called`` has the calls after the base, in order. A
    made-up session name counts as none.
    """
    keys = [_digest(plan.base.kind, first)]
    inputs: list[dict[str, Any]] = [_inputs(step, plan.made_up_name) for step in plan.steps]
    if plan.user_session:
        for step in inputs[:1]:
            step["mfa_serial"] = None  # the session answers for it, whoever asks
        inputs.insert(0, {"mfa_serial": plan.user_session.mfa_serial})
    for call, asked in zip(called, inputs, strict=True):
        keys.append(_digest(keys[-1], call, asked))
    return keys


def base_inputs(plan: Plan, *more: str | None) -> str:
    """All that a base which is no key is asked for with; ``more`` is what the plan does not say."""
    base = plan.base
    name = None if base.role_session_name == plan.made_up_name else base.role_session_name
    fields = asdict(replace(base, profile="", role_session_name=name))
    return json.dumps([fields, more], sort_keys=True)


def _inputs(step: AssumeRoleStep, made_up_name: str | None) -> dict[str, Any]:
    asked = {name: value for name, value in asdict(step).items() if name not in _WHO_ASKS}
    if asked["role_session_name"] == made_up_name:
        asked["role_session_name"] = None
    return asked


def _digest(*parts: object) -> str:
    import hashlib

    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:40]
