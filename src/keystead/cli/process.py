"""``keystead process``: prints credentials as a ``credential_process`` does."""

from __future__ import annotations

from keystead import caller
from keystead.app.agent_answer import AgentAnswer
from keystead.audit.grantee import Grantee
from keystead.cli.command import LOCATION, PICKED_NAME, Arguments, Context, argument, command
from keystead.cli.role_options import ROLE_OPTIONS, role_options
from keystead.delivery import wire
from keystead.errors import UsageError
from keystead.outside import whole
from keystead.system.executable import executable_of

_LARGEST_PID = 2**31 - 1


def _pid(text: str) -> int:
    return whole(text, 0, _LARGEST_PID)


@command(
    "process",
    "print credentials as a credential_process does",
    PICKED_NAME,
    LOCATION,
    *ROLE_OPTIONS,
    argument(
        "--asked-by",
        metavar="PID",
        type=_pid,
        help="for the agent: the process to record in the audit log and check against the "
        "profile's rules",
    ),
    details="In the config file: credential_process = keystead process NAME",
)
def process(context: Context, args: Arguments) -> None:
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
    credentials = selected.retrieved(provider)
    output = wire.process_output(credentials)
    context.console.out(output)
    context.console.flush()  # deliver before informing the agent
    if held:
        held.hold(credentials, f"{output}\n")
