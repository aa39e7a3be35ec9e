"""The definition of a plain command: its name, its arguments and its function."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from keystead.app import App
from keystead.console.console import Console


@dataclass(frozen=True)
class Context:
    """The environment of a command; ``commands`` is the table of all commands."""

    app: App
    console: Console
    commands: tuple[Command, ...] = ()

    def without_input(self) -> Context:
        """The same context without prompts."""
        system = self.app.system.without_input()
        return replace(self, app=App(system, warn=self.app.warn))

    def accepting_weak(self) -> Context:
        """The same context, accepting any new passphrase."""
        system = self.app.system
        prompts = replace(system.prompts, accept_weak=True)
        return replace(self, app=App(replace(system, prompts=prompts), warn=self.app.warn))


Run = Callable[[Context, argparse.Namespace], int | None]


@dataclass(frozen=True)
class Argument:
    """One argument: its names and its options for `argparse`."""

    names: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Command:
    """One row of the table. ``run`` returns the exit code, None for 0.

    A command with ``children`` has ``run`` only if it can be used without them.
    """

    name: str
    summary: str
    arguments: tuple[Argument, ...] = ()
    run: Run | None = None
    children: tuple[Command, ...] = ()
    details: str = ""


def argument(*names: str, **options: Any) -> Argument:  # noqa: ANN401  # argparse's own
    """An `Argument` with the parameters of argparse's ``add_argument``."""
    return Argument(names, options)


LOCATION = argument(
    "--location", metavar="PATH", help="use only the shared credentials file at PATH"
)
JSON = argument("--json", action="store_true", help="print JSON")
NO_INPUT = argument(
    "--no-input",
    action="store_true",
    default=argparse.SUPPRESS,
    help="never prompt, as without a terminal; programs that it starts inherit this",
)
"""An option of every command, before its name or after it."""
FORCE = argument("--force", action="store_true", help="do not ask")
