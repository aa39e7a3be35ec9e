"""A plan as ``keystead plan --json`` shows it, with what the cache of sessions has of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from keystead.model.calls import Call
from keystead.model.plan import Plan
from keystead.model.session import Session
from keystead.value import NamedTuple, Value, asdict

CachedSessions = Sequence[Session | None]
"""What the cache has for the base, the user's session if there is one, and each step, in order."""

_OF_A_RUN = frozenset({"mfa_answer"})
"""Fields that are shown with the prompts."""


def as_json(
    plan: Plan, cached: CachedSessions, called: Sequence[Call], now: datetime
) -> dict[str, object]:
    """The whole of it; absent settings are absent keys.

    ``called`` are the calls in order. Empty ``cached``: the cache could not be looked into, or
    nothing is cached.
    """
    shown: dict[str, object] = {"profile": plan.profile} if plan.profile else {}
    shown["base"] = {"kind": plan.base.kind, **_present(plan.base)}
    if plan.user_session:
        name = "mfa_session" if plan.user_session.mfa_serial else "user_session"
        at = cached[1] if cached else None
        shown[name] = {**_present(plan.user_session), "cache": _cache(at, now)}
    shown["steps"] = [{"kind": "assume-role", **_present(step)} for step in plan.steps]
    shown["prompts"] = [
        {"kind": "mfa", "mfa_serial": prompt.mfa_serial, **_details(prompt, cached, now)}
        for prompt in _prompts(plan)
    ]
    shown["calls"] = [
        {name: value for name, value in call._asdict().items() if value} for call in called
    ]
    shown["cache"] = _cache(cached[-1] if cached else None, now)
    return shown


def due_serials(plan: Plan, cached: CachedSessions, now: datetime) -> list[str]:
    """The MFA devices whose code a person would be asked for now, each once."""
    due = (
        prompt.mfa_serial
        for prompt in _prompts(plan)
        if not prompt.mfa_answer and _is_due(prompt, cached, now)
    )
    return list(dict.fromkeys(due))


class _Prompt(NamedTuple):
    """A code that is asked for; ``number`` is that of the session which it is for."""

    number: int
    mfa_serial: str
    mfa_answer: str | None


def _prompts(plan: Plan) -> list[_Prompt]:
    """The codes in order: the one of the user's session answers for all steps of that device."""
    first = plan.user_session
    asking = (None, *([first] if first else ()), *plan.steps)
    answered = first.mfa_serial if first else None
    return [
        _Prompt(number, row.mfa_serial, row.mfa_answer)
        for number, row in enumerate(asking)
        if row and row.mfa_serial and (row is first or row.mfa_serial != answered)
    ]


def _details(prompt: _Prompt, cached: CachedSessions, now: datetime) -> dict[str, object]:
    details: dict[str, object] = {"due": _is_due(prompt, cached, now)}
    if prompt.mfa_answer:
        details["answered_by"] = prompt.mfa_answer
    return details


def _is_due(prompt: _Prompt, cached: CachedSessions, now: datetime) -> bool:
    """Whether no cached session is usable from the call on that needs the code."""
    return not any(session and session.serves(now) for session in cached[prompt.number :])


def _cache(session: Session | None, now: datetime) -> dict[str, object]:
    if session is None or not session.alive(now):
        return {"state": "none"}
    state = "fresh" if session.fresh(now) else "stale"
    return {"state": state, "expires_at": session.expires_at.isoformat()}


def _present(row: Value) -> dict[str, object]:
    """The fields that are set."""
    shown = {name: value for name, value in asdict(row).items() if name not in _OF_A_RUN}
    return {
        name: dict(value) if isinstance(value, tuple) and isinstance(value[0], tuple) else value
        for name, value in shown.items()
        if value not in (None, "", ())
    }
