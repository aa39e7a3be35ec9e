"""``keystead plan``: how credentials would be got, without getting them."""

from __future__ import annotations

import argparse

from keystead.cli.command import Context
from keystead.cli.role_options import role_options
from keystead.console.tables import moment
from keystead.model.plan import AssumeRoleStep, Base, Plan
from keystead.model.plan_json import as_json, due_serials
from keystead.model.session_token_call import UserSession


def _base(base: Base) -> str:
    words = {
        "static": f"keys of profile {base.profile}",
        "process": f"the program of profile {base.profile}",
        "sso": f"single sign-on: {base.sso_role_name} in {base.sso_account_id}",
        "web-identity": f"{base.role_arn} by the token of {_whose(base)}",
        "environment": "keys in the environment",
        "container": "the container's endpoint",
        "ec2": "the EC2 metadata service",
        "login": f"the login session of profile {base.profile}",
    }
    return words[base.kind]


def _whose(base: Base) -> str:
    return f"profile {base.profile}" if base.profile else "the environment"


def run(context: Context, args: argparse.Namespace) -> None:
    """``keystead plan [NAME]``."""
    app = context.app
    options = role_options(context, args)
    selected = app.select(args.name, args.location, options, in_session=args.session)
    made = selected.plan
    kept, now = app.kept(made, args.location), app.system.clock()
    if args.json:
        context.console.json(as_json(made, kept, selected.calls, now))
        return
    due = due_serials(made, kept, now)
    lines = [made.profile or "the default search", f"  {_base(made.base)}"]
    if made.user_session:
        lines.append(f"  > {_user_session(made.user_session, made, due)}")
    lines += [
        f"  > assume {step.role_arn} ({', '.join(_details(step, made, due))})"
        for step in made.steps
    ]
    cached = kept[-1] if kept else None
    if cached and cached.serves(now):
        ends = moment(cached.expires_at, app.system.zone())
        lines.append(f"  no call is needed until {ends}: a cached session is still valid")
    context.console.show("\n".join(lines))


def _user_session(session: UserSession, made: Plan, due: list[str]) -> str:
    if session.mfa_serial:
        details = ["for all roles of these keys"] if made.steps else []
        details += _asking(session.mfa_serial, session.mfa_answer, due)
        return f"MFA session of {session.mfa_serial} ({', '.join(details)})"
    return "session of these keys" + (
        ", unless they are one" if made.base.kind == "process" else ""
    )


def _details(step: AssumeRoleStep, made: Plan, due: list[str]) -> list[str]:
    details = [f"as {step.role_session_name}"]
    if step.duration_seconds:
        details.append(f"for {step.duration_seconds} s")
    if step.external_id:
        details.append(f"external id {step.external_id}")
    if step.policy:
        details.append("narrowed by a session policy")
    if step.policy_arns:
        details.append(f"narrowed by {', '.join(step.policy_arns)}")
    if step.tags:
        tags = (
            f"{key}={value}{' (transitive)' if key in step.transitive_tag_keys else ''}"
            for key, value in step.tags
        )
        details.append(f"tags {', '.join(tags)}")
    if step.source_identity:
        details.append(f"source identity {step.source_identity}")
    if step.mfa_serial and not (made.user_session and step is made.steps[0]):
        details += _asking(step.mfa_serial, step.mfa_answer, due)
    return details


def _asking(serial: str, answer: str | None, due: list[str]) -> list[str]:
    if answer:
        return [f"a code of {serial} comes from `{answer}`"]
    return [f"asks for a code of {serial}"] if serial in due else ["asks for no code now"]
