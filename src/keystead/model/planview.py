"""A plan as ``keystead plan --json`` shows it, with what the cache of sessions has of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from keystead.model.calls import Call
from keystead.model.plan import AssumeRoleStep, Base, MfaSession, Plan
from keystead.model.session import Session

Kept = Sequence[Session | None]
"""What the cache has for the base, the MFA session if there is one, and each step, in order."""

_OF_A_RUN = frozenset({"mfa_answer"})
"""Fields that are shown with the prompts."""


def as_json(plan: Plan, kept: Kept, called: Sequence[Call], now: datetime) -> dict[str, object]:
    """The whole of it; absent settings are absent keys.

    ``called`` are the calls in order. Empty ``kept``: the cache could not be looked into, or there
    is nothing to keep.
    """
    shown: dict[str, object] = {"profile": plan.profile} if plan.profile else {}
    shown["base"] = dict(_present(plan.base))
    if plan.mfa_session:
        at = kept[1] if kept else None
        shown["mfa_session"] = {**dict(_present(plan.mfa_session)), "cache": _cache(at, now)}
    shown["steps"] = [{"kind": "assume-role", **dict(_present(step))} for step in plan.steps]
    shown["prompts"] = [
        {"kind": "mfa", "mfa_serial": prompt.mfa_serial, **_details(prompt, kept, plan, now)}
        for prompt in _prompts(plan)
    ]
    shown["calls"] = [
        {name: value for name, value in call._asdict().items() if value} for call in called
    ]
    shown["cache"] = _cache(kept[-1] if kept else None, now)
    return shown


def due_serials(plan: Plan, kept: Kept, now: datetime) -> list[str]:
    """The MFA devices whose code a person would be asked for now, each once."""
    due = (
        step.mfa_serial or ""
        for step in _prompts(plan)
        if not step.mfa_answer and _is_due(step, kept, plan, now)
    )
    return list(dict.fromkeys(due))


def _prompts(plan: Plan) -> list[AssumeRoleStep]:
    """The steps for which a code is asked: the first one's goes to the MFA session, if there is
    one, which then answers for all others with that device.
    """
    answered = plan.mfa_session.mfa_serial if plan.mfa_session else None
    return [
        step
        for number, step in enumerate(plan.steps)
        if step.mfa_serial and (number == 0 or step.mfa_serial != answered)
    ]


def _details(step: AssumeRoleStep, kept: Kept, plan: Plan, now: datetime) -> dict[str, object]:
    details: dict[str, object] = {"due": _is_due(step, kept, plan, now)}
    if step.mfa_answer:
        details["answered_by"] = step.mfa_answer
    return details


def _is_due(step: AssumeRoleStep, kept: Kept, plan: Plan, now: datetime) -> bool:
    """Whether nothing is kept that serves from the call on that needs the code."""
    number = 1 + plan.steps.index(step)
    if plan.mfa_session and number > 1:
        number += 1
    return not any(session and session.serves(now) for session in kept[number:])


def _cache(session: Session | None, now: datetime) -> dict[str, object]:
    if session is None or not session.alive(now):
        return {"state": "none"}
    state = "fresh" if session.fresh(now) else "stale"
    return {"state": state, "expires_at": session.expires_at.isoformat()}


def _present(row: Base | MfaSession | AssumeRoleStep) -> Iterator[tuple[str, object]]:
    for name in type(row).__dataclass_fields__:
        value = getattr(row, name)
        if value is None or value in ((), "") or name in _OF_A_RUN:  # no hash
            continue
        yield name, dict(value) if name == "tags" else value
