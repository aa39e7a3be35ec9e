"""``keystead env``: prints credentials as variables for a shell to evaluate."""

from __future__ import annotations

from keystead import caller
from keystead.app.program import variables_alone
from keystead.audit.grantee import Grantee
from keystead.cli.command import LOCATION, Arguments, Context, argument, command
from keystead.cli.role_options import ROLE_OPTIONS, role_options
from keystead.delivery import shells, wire
from keystead.errors import NameMissing, UsageError
from keystead.model.exported import users_environment


@command(
    "env",
    "print credentials as variables for a shell to evaluate",
    argument("name", metavar="NAME", nargs="?", help="a profile"),
    argument(
        "--unset",
        action="store_true",
        help="without NAME: unset what an earlier `keystead env` set in this shell",
    ),
    argument("--shell", choices=shells.NAMES, help="the syntax; else that of the shell in SHELL"),
    LOCATION,
    *ROLE_OPTIONS,
)
def env(context: Context, args: Arguments) -> None:
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
        raise NameMissing("a profile is missing", hint="keystead env NAME")
    selected = app.select(args.name, args.location, role_options(context, args))
    settings = variables_alone(selected)
    found = selected.credentials(Grantee("env", caller.process.parent))
    variables = {**wire.variables(found), **settings}
    wanted = wire.child_environment(app.environ, variables)
    given, stale = wire.changes(app.environ, wanted, variables)
    context.console.out(shells.render(shell, given, stale))
