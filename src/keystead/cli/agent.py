"""Plain commands on the agent: agent start, stop, status, lock, unlock; store lock, unlock."""

from __future__ import annotations

import argparse

from keystead.cli.command import JSON, Command, Context, argument
from keystead.console.tables import listing


def start(context: Context, _args: argparse.Namespace) -> None:
    """``keystead agent start``."""
    context.app.agent.start()


def stop(context: Context, _args: argparse.Namespace) -> None:
    """``keystead agent stop``."""
    if not context.app.agent.stop():
        context.console.note("no agent is running")


def status(context: Context, args: argparse.Namespace) -> None:
    """``keystead agent status``."""
    agent = context.app.agent
    told = agent.status()
    found = {"running": told is not None, "socket": agent.path, **(told or {})}
    if args.json:
        context.console.json(found)
    else:
        shown = {k: ", ".join(v) if isinstance(v, list) else v for k, v in found.items()}
        context.console.show(listing(shown))


def launcher(context: Context, args: argparse.Namespace) -> None:
    """``keystead agent launcher``."""
    from keystead.agent.launcher import install

    system = context.app.system
    path = install(system, system.folders.expand(args.path) if args.path else None)
    shown = f'"{path}"' if any(map(str.isspace, str(path))) else str(path)
    context.console.out(f"credential_process = {shown} NAME")


def lock(context: Context, _args: argparse.Namespace) -> None:
    """``keystead agent lock``, ``keystead store lock``."""
    if not context.app.agent.lock():
        context.console.note("no agent is running, so nothing was unlocked")


def unlock(context: Context, _args: argparse.Namespace) -> None:
    """``keystead agent unlock``, ``keystead store unlock``."""
    context.app.agent.start()
    context.app.encrypted.unlock()


AGENT = Command(
    "agent",
    "the process that holds opened keys and finished answers in memory",
    children=(
        Command(
            "start",
            "start it, unless it runs",
            (),
            start,
            details="Most often it starts by itself; see docs/agent.md.",
        ),
        Command("stop", "end it", (), stop),
        Command("status", "whether it runs and what it holds", (JSON,), status),
        Command("lock", "make it forget everything", (), lock),
        Command("unlock", "open the encrypted store and let the agent hold its key", (), unlock),
        Command(
            "launcher",
            "write a program for credential_process that starts fastest",
            (argument("path", metavar="PATH", nargs="?", help="where; else in the data folder"),),
            launcher,
            details="It prints the line for the config file. It belongs to this installation.",
        ),
    ),
)
"""The rows of ``keystead agent``."""
