"""Plain commands that hand credentials over: process, env, exec, whoami."""

from __future__ import annotations

import argparse
import os

from keystead.cli.command import Context
from keystead.cli.roleoptions import role_options
from keystead.cmdlets.display import table
from keystead.delivery import exec as child
from keystead.delivery import shells, wire
from keystead.model.credentials import Credentials


def process(context: Context, args: argparse.Namespace) -> None:
    """``keystead process NAME``."""
    context.console.out(wire.process_output(_credentials(context, args)))


def _credentials(context: Context, args: argparse.Namespace) -> Credentials:
    return context.app.credentials(args.name, args.location, role_options(context, args))


def env(context: Context, args: argparse.Namespace) -> None:
    """``keystead env NAME``."""
    app = context.app
    given = wire.variables(_credentials(context, args), app.region(args.name, args.location))
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
    given = wire.variables(_credentials(context, args), app.region(args.name, args.location))
    return child.run(command, wire.child_environment(app.system.environ, given))


def whoami(context: Context, args: argparse.Namespace) -> None:
    """``keystead whoami [NAME]``."""
    app = context.app
    answer = app.call(
        "sts",
        "GetCallerIdentity",
        {},
        credentials=_credentials(context, args),
        region=args.region or app.region(args.name, args.location),
        endpoints=app.endpoints(args.name, args.location),
    )
    identity = {key: answer.get(key) for key in ("UserId", "Account", "Arn")}
    if args.json:
        context.console.json(identity)
    else:
        context.console.out(table([identity]))
