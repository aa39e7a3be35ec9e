"""What a plain command is: a row with a name, its arguments and the function behind it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from keystead.app import App
from keystead.console.console import Console


@dataclass(frozen=True)
class Context:
    """What a command works with; ``commands`` is the table it was chosen from."""

    app: App
    console: Console
    commands: tuple[Command, ...] = ()

    def without_input(self) -> Context:
        """The same, where nobody can be asked."""
        system = self.app.system.without_input()
        return replace(self, app=App(system, warn=self.app.warn))

    def accepting_weak(self) -> Context:
        """The same, where any new passphrase is accepted."""
        system = self.app.system
        prompts = replace(system.prompts, accept_weak=True)
        return replace(self, app=App(replace(system, prompts=prompts), warn=self.app.warn))


Run = Callable[[Context, argparse.Namespace], int | None]


@dataclass(frozen=True)
class Argument:
    """One argument: its names and what `argparse` is told about it."""

    names: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Command:
    """One row of the table. ``run`` returns the exit code, None for 0.

    One with ``children`` has a function only if it means something without them.
    """

    name: str
    summary: str
    arguments: tuple[Argument, ...] = ()
    run: Run | None = None
    children: tuple[Command, ...] = ()
    details: str = ""


def argument(*names: str, **options: Any) -> Argument:  # noqa: ANN401  # argparse's own
    """An `Argument`, spelled as `argparse` spells it."""
    return Argument(names, options)


LOCATION = argument(
    "--location", metavar="PATH", help="the shared credentials file at PATH, and that one alone"
)
JSON = argument("--json", action="store_true", help="print JSON")
NO_INPUT = argument(
    "--no-input",
    action="store_true",
    default=argparse.SUPPRESS,
    help="ask nothing, as without a terminal; programs that it starts inherit this",
)
"""An option of every command, before its name or after it."""
FORCE = argument("--force", action="store_true", help="do not ask")
