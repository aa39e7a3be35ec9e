"""Plain commands that deliver credentials: process, env, exec, whoami."""

from __future__ import annotations

import argparse
from dataclasses import replace

from keystead import caller
from keystead.app.agent_answer import AgentAnswer
from keystead.app.program import prepare, variables_alone
from keystead.audit.grantee import Grantee
from keystead.cli.command import Context
from keystead.cli.role_options import role_options
from keystead.console.tables import table
from keystead.delivery import exec as child
from keystead.delivery import shells, wire
from keystead.errors import UsageError
from keystead.model.account import mismatch, require_account
from keystead.model.exported import users_environment
from keystead.system.executable import executable_at, executable_of


def process(context: Context, args: argparse.Namespace) -> None:
    """``keystead process NAME``."""
    app = context.app
    selected = app.select(args.name, args.location, role_options(context, args))
    held = None if args.location or selected.options else AgentAnswer(selected)
    grantee = Grantee("process", caller.process.parent)
    if args.asked_by is not None:
        if not app.agent.is_parent():
            raise UsageError(
                "--asked-by is for commands that the agent starts",
                hint="leave it out: the process that runs this command is recorded",
            )
        context.console.errors_as_json = True
        pid = args.asked_by or None
        grantee = Grantee("agent", pid, executable_of(pid) if pid else None)
    provider = selected.provider(grantee)
    if held:
        held.depends_on(provider)
    credentials = provider.retrieve()
    output = wire.process_output(credentials)
    context.console.out(output)
    context.console.flush()  # deliver before informing the agent
    if held:
        held.hold(credentials, f"{output}\n")


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
    selected = app.select(args.name, args.location, role_options(context, args))
    settings = variables_alone(selected)
    found = selected.credentials(Grantee("env", caller.process.parent))
    variables = {**wire.variables(found), **settings}
    wanted = wire.child_environment(app.environ, variables)
    given, stale = wire.changes(app.environ, wanted, variables)
    context.console.out(shells.render(shell, given, stale))


def exec_(context: Context, args: argparse.Namespace) -> int:
    """``keystead exec NAME [--endpoint] -- COMMAND``."""
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    app, options = context.app, role_options(context, args)
    path = child.require(command, app.system.environ)
    if args.endpoint:
        from keystead.serve.wiring import run_with_endpoint  # slow to import

        selected = app.select(args.name, args.location, options, in_session=args.session)
        return run_with_endpoint(
            selected, args.name, command, hide_files=args.hide_files, note=context.console.note
        )
    if args.session:
        raise UsageError("--session is for an endpoint", hint="add --endpoint")
    selected = app.select(args.name, args.location, options)
    found = selected.credentials(Grantee("exec", program=executable_at(path)))
    prepared = prepare(app, selected, wire.variables(found), hide_files=args.hide_files)
    return child.run(command, prepared.environment, prepared.at_end)


def whoami(context: Context, args: argparse.Namespace) -> None:
    """``keystead whoami [NAME]``."""
    app = context.app
    selected = app.select(args.name, args.location, role_options(context, args))
    settings = selected.client_settings
    if args.region:
        settings = replace(settings, region=args.region)
    client = app.client(settings, selected.credentials(Grantee("whoami")))
    answer = client.call("sts", "GetCallerIdentity", {})
    identity = {key: answer.get(key) for key in ("UserId", "Account", "Arn")}
    if selected.plan.profile:
        profile = selected.profiles.find(selected.plan.profile)
        require_account(profile, mismatch(profile, identity["Account"], f"`{identity['Arn']}`"))
    if args.json:
        context.console.json(identity)
    else:
        context.console.show(table([identity]))
