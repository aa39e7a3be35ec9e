"""Runs lines of cmdlets: words of a command line, texts of several statements, and a prompt."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Sequence
from functools import partial

from keystead.app import App
from keystead.botocore_session import region_names
from keystead.console.console import Console
from keystead.errors import KeysteadError, Origin
from keystead.model.client_settings import environment_region
from keystead.model.variables import profile_in_effect
from keystead.powershell.engine.state import State
from keystead.powershell.language import from_argv, parse
from keystead.powershell.language.statements import Command, Statement
from keystead.powershell.objects import properties_of
from keystead.powershell.runner import run_statement
from keystead.powershell.shell.checks import check
from keystead.powershell.shell.masking import mask_statement, mask_words
from keystead.powershell.table import CMDLETS
from keystead.undo.current import OneGeneration


def run_words(app: App, console: Console, words: Sequence[str]) -> None:
    """Runs one cmdlet whose words the calling shell has already separated."""
    state = State(app, console, lasting=False, arguments=words)
    statement = from_argv(["-AsJson" if word == "--json" else word for word in words])
    with OneGeneration(lambda: f"keystead {mask_words(words, CMDLETS)}"):
        run_statement(state, statement)


def run_text(state: State, text: str, source: str = "input") -> bool:
    """Runs all lines up to one that is `exit` or `quit`; whether there was one.

    If there are several, an error has the line.
    """
    whole = parse(text, source)
    statements = list(itertools.takewhile(lambda statement: not _ends(statement), whole))
    check(statements, text, source, CMDLETS, state.variables)
    several = "\n" in text.strip()
    for statement in statements:
        line = partial(mask_statement, text, statement, CMDLETS)
        try:
            with OneGeneration(line):
                run_statement(state, statement)
        except KeysteadError as error:
            if several and error.where is None:
                error.where = Origin(source, statement.line)
            raise
    return len(statements) < len(whole)


def _ends(statement: Statement) -> bool:
    """Whether it ends the shell."""
    return (
        isinstance(statement, Command)
        and statement.name.lower() in ("exit", "quit")
        and not statement.words
    )


def prompt(state: State) -> int:
    """Reads lines at a terminal and runs them; the exit code of the last."""
    from keystead.powershell.shell.prompt import read_lines  # it loads prompt_toolkit

    system = state.app.system
    folder = system.folders.state
    with contextlib.suppress(OSError):  # without the folder there is no history
        os.makedirs(folder, mode=0o700, exist_ok=True)
    code = 0
    for text in read_lines(
        CMDLETS,
        history=folder / "history",
        values=lambda source: _values(state, source),
        colour="NO_COLOR" not in system.environ,
        place=lambda: _place(state),
    ):
        try:
            if run_text(state, text):
                return code
            code = 0
        except KeysteadError as error:
            code = state.console.error(error)
        except KeyboardInterrupt:
            state.console.say("error", "interrupted")
    return code


def _place(state: State) -> str:
    """The shell's profile and region, as far as they are known without a search."""
    environ = state.app.system.environ
    own = state.credentials
    profile = (own.profile or "*") if own else (profile_in_effect(environ) or ("", None))[1]
    region = state.region or environment_region(environ)
    return " ".join(part for part in (profile, region) if part)


def _values(state: State, source: str) -> list[str]:
    """The values of a completion source."""
    if source == "profile":
        try:
            return [profile.name for profile in state.app.chain().profiles()]
        except KeysteadError:
            return []  # the command itself reports the error
    if source == "region":
        return list(region_names())
    kind, _, name = source.partition(":")
    if kind == "property":
        value = state.variables.get(name.lower())
        value = value[0] if isinstance(value, list) and value else value
        return list(properties_of(value) or ())
    return []
