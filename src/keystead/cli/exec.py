"""``keystead exec``: runs a command, or the user's shell, with credentials."""

from __future__ import annotations

from keystead.app.program import prepare
from keystead.audit.grantee import Grantee
from keystead.cli.command import (
    LOCATION,
    PROGRAM,
    SESSION,
    Arguments,
    Context,
    argument,
    command,
)
from keystead.cli.role_options import ROLE_OPTIONS, role_options
from keystead.delivery import exec as child
from keystead.delivery import wire
from keystead.errors import NameMissing, UsageError
from keystead.model.search import default_profile
from keystead.model.variables import OPENED
from keystead.outside import whole
from keystead.system.executable import executable_at
from keystead.system.login_shell import login_shell

_MOST_JOBS = 256


def _jobs(text: str) -> int:
    return whole(text, 1, _MOST_JOBS)


@command(
    "exec",
    "run a command, or your shell, with credentials",
    LOCATION,
    *ROLE_OPTIONS,
    argument(
        "--endpoint",
        action="store_true",
        help="give it an endpoint whose credentials are renewed, and no keys",
    ),
    argument(
        "--hide-files",
        action="store_true",
        help="hide the shared files, so that the command finds no other credentials",
    ),
    SESSION,
    argument(
        "--all",
        metavar="PATTERN",
        action="append",
        help="run the command for each profile or session/account/role whose name the pattern "
        "matches, in place of NAME; may be repeated",
    ),
    argument(
        "--jobs", metavar="N", type=_jobs, default=8, help="how many of them at a time; else 8"
    ),
    argument("--json", action="store_true", help="with --all: print a line of JSON for each"),
    argument(
        "name",
        metavar="NAME",
        nargs="?",
        help="a profile; else that of AWS_PROFILE, else `default`",
    ),
    argument(
        "command", metavar="COMMAND", nargs=PROGRAM, help="the command, after --; else your shell"
    ),
    details="The command gets the client settings of the profile: "
    "region, addresses, FIPS, dual stack, TLS and retries. A program with the AWS SDK for .NET "
    "3.7, or with FallbackCredentialsFactory of 4.1, prefers a usable profile `default` of the "
    "shared files to the keys it is given; --hide-files prevents that.",
)
def exec_(context: Context, args: Arguments) -> int:
    """``keystead exec [NAME] [--endpoint] [-- COMMAND]``."""
    if args.all:
        from keystead.cli.exec_all import exec_all

        return exec_all(context, args)
    if args.json:
        raise UsageError("--json is for several profiles", hint="add --all PATTERN")
    app, options = context.app, role_options(context, args)
    name = _name(context, args)
    command = [login_shell(app.system)] if args.command is None else args.command
    path = child.require(command, app.system.environ)
    if args.session and not args.endpoint:
        raise UsageError("--session is for an endpoint", hint="add --endpoint")
    selected = app.select(name, args.location, options, in_session=args.session)
    if args.endpoint:
        from keystead.serve.wiring import run_with_endpoint  # slow to import

        if args.command is None:
            selected.profiles.find(name)
            _announce(context, path, name)
        return run_with_endpoint(
            selected, name, command, hide_files=args.hide_files, note=context.console.note
        )
    found = selected.credentials(Grantee("exec", program=executable_at(path)))
    if args.command is None:
        _announce(context, path, name)
    prepared = prepare(app, selected, wire.variables(found), hide_files=args.hide_files)
    return child.run(command, prepared.environment, prepared.at_end)


def _name(context: Context, args: Arguments) -> str:
    """The profile to use. Raises `UsageError` where none is named."""
    if args.name is not None:
        return str(args.name)
    app = context.app
    profile = default_profile(app.system.environ, app.snapshot(args.location))
    if profile is None:
        raise NameMissing(
            "a profile is missing",
            hint="keystead exec NAME -- COMMAND, or set AWS_PROFILE",
        )
    return profile.name


def _announce(context: Context, shell: str, name: str) -> None:
    """Say that a shell opens, and in which other one."""
    environ, users = context.app.environ, context.app.system.environ
    inside = OPENED in environ and OPENED not in users
    where = f" inside of the one with profile `{environ[OPENED]}`" if inside else ""
    context.console.note(f"opening {shell} with profile `{name}`{where}; `exit` leaves it")
