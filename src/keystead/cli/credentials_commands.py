"""Plain commands that hand credentials over: process, env, exec, whoami."""

from __future__ import annotations

import argparse
import os

from keystead.app.program import prepare, variables_alone
from keystead.audit.log import Grant
from keystead.cli.command import Context
from keystead.cli.role_options import role_options
from keystead.console.tables import table
from keystead.delivery import exec as child
from keystead.delivery import shells, wire
from keystead.errors import UsageError
from keystead.model.account import mismatch, require_account
from keystead.model.credentials import Credentials
from keystead.model.exported import users_environment
from keystead.system.executable import Executable, executable_at, executable_of


def process(context: Context, args: argparse.Namespace) -> None:
    """``keystead process NAME``."""
    app = context.app
    options = role_options(context, args)
    files = {} if args.location or options else app.agent.stamps()
    if args.asked_by is not None and not app.agent.is_parent():
        raise UsageError(
            "--asked-by is for commands that the agent starts",
            hint="leave it out: the process that runs this command is recorded",
        )
    context.console.errors_as_json = args.asked_by is not None
    way, to = ("process", os.getppid()) if args.asked_by is None else ("agent", args.asked_by)

    def granted(name: str | None, found: Credentials) -> None:
        app.granted(Grant.to(to or None, None, name, way, found))

    provider = app.profile_credentials(
        args.name,
        args.location,
        options=options,
        granted=granted,
        program=executable_of(args.asked_by) if args.asked_by else None,
    )
    if files:  # before they are read
        files = app.agent.with_files(files, provider.input_files())
    credentials = provider.retrieve()
    output = wire.process_output(credentials)
    context.console.out(output)
    context.console.flush()  # whoever waits for it has it before an agent is told
    if files:
        app.prewarm_agent(provider.plan, credentials, f"{output}\n", files)


def _credentials(
    context: Context,
    args: argparse.Namespace,
    way: str,
    to: int | None = None,
    program: Executable | None = None,
) -> Credentials:
    options = role_options(context, args)
    return context.app.credentials(
        args.name, args.location, options, way=way, to=to, program=program
    )


def env(context: Context, args: argparse.Namespace) -> None:
    """``keystead env NAME``, and ``keystead env --unset``."""
    app = context.app
    shell = args.shell or shells.login_shell_syntax(app.system.environ)
    if args.unset:
        if args.name is not None:
            raise UsageError("--unset does not take a profile")
        changed = wire.changes(app.environ, users_environment(app.environ))
        context.console.out(shells.render_unset(shell, *changed))
        return
    if args.name is None:
        raise UsageError("a profile is missing", hint="keystead env NAME")
    settings = variables_alone(app.select(args.name, args.location))
    found = _credentials(context, args, "env", to=os.getppid())
    variables = {**wire.variables(found), **settings}
    wanted = wire.child_environment(app.environ, variables)
    given, stale = wire.changes(app.environ, wanted, variables)
    context.console.out(shells.render(shell, given, stale))


def exec_(context: Context, args: argparse.Namespace) -> int:
    """``keystead exec NAME [--endpoint] -- COMMAND``."""
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    path = child.require(command, context.app.system.environ)
    if args.endpoint:
        from keystead.serve.wiring import run_with_endpoint  # of no use to the other commands

        return run_with_endpoint(
            context.app,
            args.name,
            args.location,
            role_options(context, args),
            command,
            in_session=args.session,
            hide_files=args.hide_files,
            note=context.console.note,
        )
    if args.session:
        raise UsageError("--session is for an endpoint", hint="add --endpoint")
    app = context.app
    program = executable_at(path)
    found = _credentials(context, args, "exec", program=program)
    selected = app.select(args.name, args.location)
    prepared = prepare(app, selected, wire.variables(found), hide_files=args.hide_files)
    return child.run(command, prepared.environment, prepared.at_end)


def whoami(context: Context, args: argparse.Namespace) -> None:
    """``keystead whoami [NAME]``."""
    app = context.app
    selected = app.select(args.name, args.location, region=args.region)
    answer = app.call(
        "sts",
        "GetCallerIdentity",
        {},
        credentials=_credentials(context, args, "whoami"),
        client_settings=selected.client_settings,
    )
    identity = {key: answer.get(key) for key in ("UserId", "Account", "Arn")}
    if selected.plan.profile:
        profile = selected.chain.find(selected.plan.profile)
        require_account(profile, mismatch(profile, identity["Account"], f"`{identity['Arn']}`"))
    if args.json:
        context.console.json(identity)
    else:
        context.console.show(table([identity]))
