"""``keystead plan``: how credentials would be obtained, without obtaining them."""

from __future__ import annotations

from keystead.cli.command import (
    JSON,
    LOCATION,
    NAME_OR_DEFAULT,
    Arguments,
    Context,
    argument,
    command,
)
from keystead.cli.role_options import ROLE_OPTIONS, role_options
from keystead.console.tables import moment
from keystead.model.assume_role import AssumeRoleStep
from keystead.model.plan import Plan
from keystead.model.plan_json import CachedSessions, as_json, due_serials
from keystead.model.role_options import in_words
from keystead.model.session_token_call import SessionTokenCall
from keystead.model.sources.process import Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime


@command(
    "plan",
    "how credentials would be obtained, without obtaining them",
    NAME_OR_DEFAULT,
    LOCATION,
    *ROLE_OPTIONS,
    argument("--session", action="store_true", help="as `serve --session` does it"),
    JSON,
)
def run(context: Context, args: Arguments) -> None:
    """``keystead plan [NAME]``."""
    app = context.app
    options = role_options(context, args)
    selected = app.select(args.name, args.location, options, in_session=args.session)
    made = selected.plan
    cached, now = selected.cached, app.system.clock()
    if args.json:
        context.console.json(as_json(made, cached, selected.calls, now))
        return
    text = plan_text(made, cached, now)
    last = cached[-1] if cached else None
    if last and last.serves(now):
        ends = moment(last.expires_at, app.system.zone())
        text += f"\n  no call is needed until {ends}: a cached session is still valid"
    context.console.show(text)


def plan_text(made: Plan, cached: CachedSessions, now: datetime) -> str:
    """The plan in words, a line for each call."""
    due = due_serials(made, cached, now)
    lines = [made.profile or "the default search", f"  {made.base.describe()}"]
    if made.user_session:
        lines.append(f"  > {_user_session(made.user_session, made, due)}")
    lines += [
        f"  > assume {step.role_arn} ({', '.join(_details(step, made, due))})"
        for step in made.steps
    ]
    return "\n".join(lines)


def _user_session(session: SessionTokenCall, made: Plan, due: list[str]) -> str:
    if session.mfa_serial:
        details = ["for all roles of these keys"] if made.steps else []
        details += _asking(session.mfa_serial, session.mfa_answer, due)
        return f"MFA session of {session.mfa_serial} ({', '.join(details)})"
    return "session of these keys" + (
        ", unless they are one" if isinstance(made.base, Process) else ""
    )


def _details(step: AssumeRoleStep, made: Plan, due: list[str]) -> list[str]:
    details = in_words(step)
    if step.mfa_serial and not (made.user_session and step is made.steps[0]):
        details += _asking(step.mfa_serial, step.mfa_answer, due)
    return details


def _asking(serial: str, answer: str | None, due: list[str]) -> list[str]:
    if answer:
        return [f"a code of {serial} comes from `{answer}`"]
    return [f"asks for a code of {serial}"] if serial in due else ["asks for no code now"]
