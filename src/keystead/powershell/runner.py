"""Runs statements in a shell: binds each cmdlet, calls its function, pipes and shows its output."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from keystead.errors import KeysteadError, UsageError
from keystead.powershell.cmdlet import Cmdlet, Parameter
from keystead.powershell.engine.binding import Bound, bind, may_be_secret
from keystead.powershell.engine.common_parameters import applied, recording, store_output
from keystead.powershell.engine.display import Formatted, show
from keystead.powershell.engine.help import help_text
from keystead.powershell.engine.state import State
from keystead.powershell.language.evaluation import Argument, Named, Value, arguments, evaluate
from keystead.powershell.language.statements import Assignment, Command, Pipeline, Statement
from keystead.powershell.objects import AwsObject
from keystead.powershell.table import CMDLETS
from keystead.secret import Secret, reveal

Emit = Callable[[Iterable[object]], None]
"""Called with the objects that a cmdlet outputs."""

_WINDOWS_PATH = re.compile(r"[A-Za-z]:\\")
_HELP = ("-?", "--help")
"""Arguments that show a cmdlet's help instead of running it."""

_ROLE_PARAMETERS = ("sourceprofile", "rolearn", "externalid", "mfaserial")


def run_statement(state: State, statement: Statement) -> None:
    """Runs one statement and shows its output; an assignment shows nothing."""
    if isinstance(statement, Assignment):
        _assign(state, statement)
    elif isinstance(statement, Command | Pipeline):
        _show(state, run_pipeline(state, statement))
    else:
        _show(state, [evaluate(statement.value, state.variables)])


def run_pipeline(state: State, statement: Command | Pipeline) -> list[object]:
    """The output of one cmdlet, or of several that are piped into each other.

    Raises `UsageError` for parameters that do not fit, and whatever a cmdlet's function raises.
    """
    if isinstance(statement, Command):
        return _run(state, statement, None)
    first = statement.first
    if isinstance(first, Command):
        output = _run(state, first, None)
    else:
        output = flat([evaluate(first, state.variables)])
    for command in statement.rest:
        if any(isinstance(item, Formatted) for item in output):
            raise UsageError(
                f"{command.name} does not accept the output of Format-Table or Format-List",
                id="format-not-last",
                hint="put the Format cmdlet last",
            )
        output = _run(state, command, output)
    return output


def _run(state: State, command: Command, piped: list[object] | None) -> list[object]:
    """One cmdlet: once, or once for each object that is piped to it."""
    output: list[object] = []
    cmdlet = CMDLETS.find(command.name)
    given = arguments(command, state.variables, partial(may_be_secret, cmdlet))
    if any(isinstance(item, Value) and item.value in _HELP and not item.quoted for item in given):
        return [help_text(cmdlet)]
    try:
        run_cmdlet(state, cmdlet, given, piped, output.extend)
    except (KeysteadError, KeyboardInterrupt):
        if output:
            _show(state, output)
            state.console.note(f"{cmdlet.name} did not finish; this is its output so far")
        raise
    return flat(output)


def run_cmdlet(
    state: State,
    cmdlet: Cmdlet,
    given: Sequence[Argument],
    piped: list[object] | None,
    emit: Emit,
) -> None:
    """One cmdlet with its parameters: once, or once for each object that is piped to it.

    ``emit`` is called with its output, also if it ends with an error. Raises as `run_pipeline`.
    """
    _refuse_role_parameters(cmdlet, [item.name for item in given if isinstance(item, Named)])
    rounds: list[list[object] | None]
    if piped is None:
        rounds = [[] if cmdlet.stream else None]
    else:
        rounds = [piped] if cmdlet.stream else [[item] for item in piped]
    stored: list[object] = []
    variable = None
    for number, objects in enumerate(rounds):
        bound = bind(cmdlet, given, lambda parameter: _ask(state, parameter), piped=objects)
        variable = bound.values.get("OutVariable")
        with applied(state, bound.values):
            if number == 0:
                _warn(state, bound)
                _warn_of_arguments(state, bound)
            output = _call(state, bound)
            emit(output if variable is None else recording(output, stored))
    store_output(state, variable, flat(stored))


def _call(state: State, bound: Bound) -> Iterable[object]:
    """The output of the cmdlet, if it is to run."""
    values = dict(bound.values)
    if values.get("WhatIf"):
        return _what_if(state, bound)
    if "Confirm" in values and not values.get("Force"):
        if values["Confirm"] and not _agreed(state, bound):
            return ()
        values["Force"] = True  # already confirmed, or not to be
    return bound.cmdlet.function(state, values)


def _what_if(state: State, bound: Bound) -> list[object]:
    """Run it in a copy of the shell without writing files, and show the result."""
    from keystead.app.dry_run import DryRun  # only for `-WhatIf`

    run = DryRun(state.app)
    dry = replace(state, app=run.app, variables=dict(state.variables), what_if=True)
    list(bound.cmdlet.function(dry, {**bound.values, "Force": True}))
    return ["\n".join([f"What if: {_operation(bound)}", *run.changes()])]


def _agreed(state: State, bound: Bound) -> bool:
    question = f"{_operation(bound)} Continue?"
    return state.app.system.terminal.confirm(question, hint="give -Confirm:$false")


def _operation(bound: Bound) -> str:
    named = (bound.values.get(name) for name in bound.cmdlet.changes or ())
    target = next((value for value in named if value), "this shell")
    return f'Performing the operation "{bound.cmdlet.name}" on target "{target}".'


def _assign(state: State, statement: Assignment) -> None:
    name = statement.variable.lower()
    if isinstance(statement.value, Command | Pipeline):
        output = run_pipeline(state, statement.value)
        state.variables[name] = output[0] if len(output) == 1 else output or None
    else:
        state.variables[name] = evaluate(statement.value, state.variables)


def flat(output: Iterable[object]) -> list[object]:
    """The objects that continue in a pipeline: arrays as their items, without None."""
    plain: list[object] = []
    for item in output:
        plain += item if isinstance(item, list) else [item]
    return [item for item in plain if item is not None]


def _show(state: State, output: Iterable[object]) -> None:
    plain = flat(output)
    shown = [item.properties if isinstance(item, AwsObject) else item for item in plain]
    text = show(shown, zone=state.app.system.zone())
    if text and state.has_shown:
        text = f"\n{text}"  # as PowerShell, a blank line between the outputs of two lines
    state.has_shown = state.has_shown or bool(text)
    state.console.show(text)


def _ask(state: State, parameter: Parameter) -> object:
    """A mandatory parameter that was omitted, asked for as PowerShell does."""
    terminal = state.app.system.terminal
    if not terminal.available():
        return None
    hint = f"give -{parameter.name}"
    if parameter.secret:
        return Secret(terminal.ask_secret(parameter.name, hint=hint))
    return terminal.ask(parameter.name, hint=hint)


def _warn(state: State, bound: Bound) -> None:
    """Warns that a cmdlet is deprecated, and of a Windows path on another system."""
    if bound.cmdlet.deprecated:
        state.console.warn(f"{bound.cmdlet.name} is deprecated: {bound.cmdlet.deprecated}")
    location = bound.values.get("ProfileLocation")
    if os.name != "nt" and isinstance(location, str) and _WINDOWS_PATH.match(location):
        state.console.warn(f"`{location}` is a Windows path; here it is the name of a single file")


_SPENT = ("TokenCode",)
"""Secrets that are useless once they have been used."""


def _warn_of_arguments(state: State, bound: Bound) -> None:
    """Warn of secrets of the cmdlet in the arguments of the process."""
    rows = (
        row for row in bound.cmdlet.parameters if row.may_hold_secret and row.name not in _SPENT
    )
    for name in (row.name for row in rows):
        texts = list(filter(None, _texts(bound.values.get(name))))
        if any(text in word for text in texts for word in state.arguments):
            state.console.warn(
                f"the value of `-{name}` is in the shell's history now, and other users of this "
                "machine could see it among the processes; lines at the prompt of `keystead shell` "
                "are in neither"
            )


def _texts(value: object) -> Iterator[str]:
    """Each text in a value."""
    if isinstance(value, str | Secret):
        yield reveal(value)
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def _refuse_role_parameters(cmdlet: Cmdlet, names: Iterable[str]) -> None:
    """Refuse the parameters of a role in a service cmdlet, which needs a profile for it."""
    own = {spelling.lower() for row in cmdlet.parameters for spelling in row.names}
    if "endpointurl" not in own:
        return  # no service cmdlet
    for name in names:
        if name.lower() in _ROLE_PARAMETERS and name.lower() not in own:
            raise UsageError(
                f"{cmdlet.name} does not accept -{name}: service cmdlets do not support the "
                "parameters of role profiles",
                hint="store them first: Set-AWSCredential -StoreAs NAME -SourceProfile SOURCE "
                f"-RoleArn ARN; then {cmdlet.name} -ProfileName NAME",
            )
