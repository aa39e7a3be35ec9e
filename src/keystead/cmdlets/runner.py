"""Runs statements in a shell: binds each cmdlet, calls its function, shows what it puts out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from keystead.cmdlets.binding import bind
from keystead.cmdlets.display import show
from keystead.cmdlets.objects import AwsObject
from keystead.cmdlets.state import State
from keystead.cmdlets.statements import (
    Assignment,
    Command,
    Named,
    Statement,
    arguments,
    evaluate,
)
from keystead.cmdlets.table import CMDLETS
from keystead.cmdlets.table_types import Cmdlet, Parameter
from keystead.errors import KeysteadError, UsageError
from keystead.secret import Secret

_WINDOWS_PATH = re.compile(r"[A-Za-z]:\\")
_ROLE_PARAMETERS = ("sourceprofile", "rolearn", "externalid", "mfaserial")


def run_statement(state: State, statement: Statement) -> None:
    """Runs one statement and shows its output; an assignment shows nothing."""
    if isinstance(statement, Assignment):
        _assign(state, statement)
    elif isinstance(statement, Command):
        _show(state, run_command(state, statement))
    else:
        _show(state, [evaluate(statement.value, state.variables)])


def run_command(state: State, command: Command) -> list[object]:
    """The output of one cmdlet.

    Raises `UsageError` for parameters that do not fit, and whatever the cmdlet's function raises.
    """
    cmdlet = CMDLETS.find(command.name)
    given = arguments(command, state.variables)
    _refuse_role_parameters(cmdlet, [item.name for item in given if isinstance(item, Named)])
    if cmdlet.deprecated:
        state.console.warn(f"{cmdlet.name} is deprecated: {cmdlet.deprecated}")
    bound = bind(cmdlet, given, ask=lambda parameter: _ask(state, parameter))
    _warn_of_windows_path(state, bound.values.get("ProfileLocation"))
    output: list[object] = []
    try:
        output.extend(cmdlet.function(state, bound.values))
    except (KeysteadError, KeyboardInterrupt):
        if output:
            _show(state, output)
            state.console.note(f"{cmdlet.name} did not come to its end; this is what came")
        raise
    return output


def _assign(state: State, statement: Assignment) -> None:
    name = statement.variable.lower()
    if isinstance(statement.value, Command):
        output = run_command(state, statement.value)
        state.variables[name] = output[0] if len(output) == 1 else output or None
    else:
        state.variables[name] = evaluate(statement.value, state.variables)


def _show(state: State, output: Iterable[object]) -> None:
    plain: list[object] = []
    for item in output:
        plain += item if isinstance(item, list) else [item]
    shown = [item.properties if isinstance(item, AwsObject) else item for item in plain]
    text = show(shown, zone=state.app.system.zone())
    if text and state.has_shown:
        text = f"\n{text}"  # PowerShell parts the outputs of two lines by a blank one
    state.has_shown = state.has_shown or bool(text)
    state.console.out(text)


def _ask(state: State, parameter: Parameter) -> object:
    """A mandatory parameter that was left out, asked for as PowerShell does."""
    terminal = state.app.system.terminal
    if not terminal.available():
        return None
    hint = f"give -{parameter.name}"
    if parameter.secret:
        return Secret(terminal.ask_secret(parameter.name, hint=hint))
    return terminal.ask(parameter.name, hint=hint)


def _warn_of_windows_path(state: State, location: object) -> None:
    """Tells what a line pasted from the documentation does on another system than Windows."""
    if os.name != "nt" and isinstance(location, str) and _WINDOWS_PATH.match(location):
        state.console.warn(f"`{location}` is a path of Windows; here it is one name of a file")


def _refuse_role_parameters(cmdlet: Cmdlet, names: Iterable[str]) -> None:
    """The page's promise: a role is named by a profile, not by parameters of a service cmdlet."""
    own = {spelling.lower() for row in cmdlet.parameters for spelling in row.names}
    if "endpointurl" not in own:
        return  # no service cmdlet
    for name in names:
        if name.lower() in _ROLE_PARAMETERS and name.lower() not in own:
            raise UsageError(
                f"{cmdlet.name} does not take -{name}: service cmdlets do not support the "
                "parameters of role profiles",
                hint="store them first: Set-AWSCredential -StoreAs NAME -SourceProfile SOURCE "
                f"-RoleArn ARN; then {cmdlet.name} -ProfileName NAME",
            )
