"""Plain commands that hand credentials over or say how: process, env, exec, whoami, plan."""

from __future__ import annotations

import argparse
import os

from keystead.cli.command import Context
from keystead.cmdlets.display import table
from keystead.console import printable
from keystead.delivery import exec as child
from keystead.delivery import shells, wire
from keystead.model.plan import Base, as_json


def process(context: Context, args: argparse.Namespace) -> None:
    """``keystead process NAME``."""
    context.console.out(wire.process_output(context.app.credentials(args.name, args.location)))


def env(context: Context, args: argparse.Namespace) -> None:
    """``keystead env NAME``."""
    app = context.app
    given = wire.variables(
        app.credentials(args.name, args.location), app.region(args.name, args.location)
    )
    stale = wire.stale_variables(app.system.environ, given)
    context.console.out(
        shells.render(args.shell or _usual_shell(app.system.environ.get("SHELL")), given, stale)
    )


def _usual_shell(login_shell: str | None) -> str:
    if os.name == "nt":
        return "powershell"
    name = os.path.basename(login_shell or "")
    return name if name in shells.SHELLS else "bash"


def exec_(context: Context, args: argparse.Namespace) -> int:
    """``keystead exec NAME -- COMMAND``."""
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    app = context.app
    given = wire.variables(
        app.credentials(args.name, args.location), app.region(args.name, args.location)
    )
    return child.run(command, wire.child_environment(app.system.environ, given))


def whoami(context: Context, args: argparse.Namespace) -> None:
    """``keystead whoami [NAME]``."""
    app = context.app
    answer = app.call(
        "sts",
        "GetCallerIdentity",
        {},
        credentials=app.credentials(args.name, args.location),
        region=args.region or app.region(args.name, args.location),
    )
    identity = {key: answer.get(key) for key in ("UserId", "Account", "Arn")}
    if args.json:
        context.console.json(identity)
    else:
        context.console.out(table([identity]))


def _base(base: Base) -> str:
    words = {
        "static": f"keys of profile {base.profile}",
        "process": f"the program of profile {base.profile}",
        "sso": f"single sign-on: {base.sso_role_name} in {base.sso_account_id}",
        "web-identity": f"{base.role_arn} by the token of profile {base.profile}",
        "environment": "keys in the environment",
        "container": "the container's endpoint",
        "ec2": "the EC2 metadata service",
        "login": f"the login session of profile {base.profile}",
    }
    return words[base.kind]


def plan(context: Context, args: argparse.Namespace) -> None:
    """``keystead plan [NAME]``."""
    app = context.app
    made = app.plan(args.name, args.location)
    cached, now = app.cached(made, args.location), app.system.clock()
    if args.json:
        context.console.json(as_json(made, cached, now))
        return
    lines = [f"{made.profile}", f"  {_base(made.base)}"]
    for step in made.steps:
        details = [f"as {step.role_session_name}"]
        if step.duration_seconds:
            details.append(f"for {step.duration_seconds} s")
        if step.external_id:
            details.append(f"external id {step.external_id}")
        if step.mfa_serial:
            details.append(f"asks for a code of {step.mfa_serial}")
        lines.append(f"  > assume {step.role_arn} ({', '.join(details)})")
    if cached and cached.serves(now):
        ends = cached.expires_at.astimezone(app.system.zone())
        lines.append(f"  nothing of this is due before {ends:%Y-%m-%d %H:%M}: a session is kept")
    context.console.out(printable("\n".join(lines)))
