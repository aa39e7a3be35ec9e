"""``keystead exec``: runs a command with credentials."""

from __future__ import annotations

from keystead.app.program import prepare
from keystead.audit.grantee import Grantee
from keystead.cli.command import (
    LOCATION,
    NAME,
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
from keystead.errors import UsageError
from keystead.system.executable import executable_at


@command(
    "exec",
    "run a command with credentials",
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
    NAME,
    argument("command", metavar="COMMAND", nargs=PROGRAM, help="the command, after --"),
    details="The command gets the client settings of the profile: "
    "region, addresses, FIPS, dual stack, TLS and retries. A program with the AWS SDK for .NET "
    "3.7, or with FallbackCredentialsFactory of 4.1, prefers a usable profile `default` of the "
    "shared files to the keys it is given; --hide-files prevents that.",
)
def exec_(context: Context, args: Arguments) -> int:
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
