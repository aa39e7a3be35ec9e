"""Plain commands on the agent: agent start, stop, status, lock, unlock; store lock, unlock."""

from __future__ import annotations

from keystead.agent.connection import Connection
from keystead.cli.command import JSON, Arguments, Context, argument, command, group
from keystead.console.tables import listing

group("agent", "the process that caches keys and answers in memory")


@command(
    "agent start",
    "start it, unless it is running",
    details="It usually starts automatically; see docs/agent.md.",
)
def start(context: Context, _args: Arguments) -> None:
    """``keystead agent start``."""
    context.app.agent.start()


@command("agent stop", "stop it")
def stop(context: Context, _args: Arguments) -> None:
    """``keystead agent stop``."""
    if not context.app.agent.stop():
        context.console.note(f"no agent is running at {context.app.agent.path}")


@command("agent status", "whether it is running and what it has cached", JSON)
def status(context: Context, args: Arguments) -> None:
    """``keystead agent status``."""
    agent = Connection(context.environ)
    reported = agent.status()
    found = {"running": reported is not None, "socket": agent.path, **(reported or {})}
    if args.json:
        context.console.json(found)
    else:
        shown = {k: ", ".join(v) if isinstance(v, list) else v for k, v in found.items()}
        context.console.show(listing(shown))


@command(
    "agent launcher",
    "write a fast-starting program for credential_process",
    argument("path", metavar="PATH", nargs="?", help="its file; else in the data folder"),
    argument(
        "--native",
        action="store_true",
        help="compile one that does not start Python; needs the C compiler `cc`",
    ),
    details="Prints the line for the config file. Works with this installation only.",
)
def launcher(context: Context, args: Arguments) -> None:
    """``keystead agent launcher``."""
    from keystead.agent.launcher import install

    system = context.app.system
    named = system.folders.expand(args.path) if args.path else None
    path = install(system, named, compiled=args.native)
    shown = f'"{path}"' if any(map(str.isspace, str(path))) else str(path)
    context.console.out(f"credential_process = {shown} NAME")


@command("store lock", "make the agent forget its key and everything else")
@command("agent lock", "make it forget everything")
def lock(context: Context, _args: Arguments) -> None:
    """``keystead agent lock``, ``keystead store lock``."""
    if not context.app.agent.lock():
        path = context.app.agent.path
        context.console.note(f"no agent is running at {path}, so nothing was unlocked there")


@command("store unlock", "unlock it and cache its key in the agent")
@command("agent unlock", "unlock the encrypted store and cache its key in the agent")
def unlock(context: Context, _args: Arguments) -> None:
    """``keystead agent unlock``, ``keystead store unlock``."""
    context.app.agent.start()
    context.app.encrypted.unlock()
