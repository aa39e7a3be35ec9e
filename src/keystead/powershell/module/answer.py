"""Answers one function of the PowerShell module: a request in, lines of JSON out.

The request is on standard input, so that no secret is ever an argument. Each line of the answer
has a ``kind`` and a ``value`` (see `keystead.powershell.module.wire`): ``output``, ``host``,
``verbose``, ``warning``, ``note`` and ``progress``, ``session`` for a variable that the cmdlet set,
``response`` for the whole answer of the last call, at last ``end`` or ``error``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from keystead.app import App
from keystead.console.console import Console, message
from keystead.errors import KeysteadError, UsageError
from keystead.outside import parse_json
from keystead.powershell.cmdlet import Cmdlet
from keystead.powershell.engine.credential_parameters import find_credentials, retrieve_credentials
from keystead.powershell.engine.state import State
from keystead.powershell.language.evaluation import Argument, Named, Value
from keystead.powershell.module import wire
from keystead.powershell.objects import AwsObject
from keystead.powershell.runner import flat, run_cmdlet
from keystead.powershell.shell.masking import mask_words
from keystead.powershell.table import CMDLETS
from keystead.secret import Secret
from keystead.system import System
from keystead.system.folders import Folders
from keystead.undo.current import OneGeneration

PROTOCOL = 2
"""Increased when requests or answers change in a way that an older module would misunderstand."""

Write = Callable[[str], None]


class _AnswerConsole(Console):
    """A console that writes messages as lines of the answer."""

    def __init__(self, write: Write) -> None:
        super().__init__()
        self._write = write
        self._going = False

    def say(self, kind: str, text: str) -> None:
        self._write(wire.line(kind, f"={message(text)}"))

    def line(self, text: str) -> None:
        self._write(wire.line("host", f"={text}"))

    def progress(self, text: str) -> None:
        if text or self._going:
            self._write(wire.line("progress", f"={text}"))
        self._going = bool(text)


@dataclass
class _Session(State):
    """The state of a PowerShell session: its credentials are restored when they are used."""

    masks: bool = False
    held: Mapping[str, Any] | None = None
    replaced: bool = False

    @property
    def credentials(self) -> AwsObject | None:
        """``$StoredAWSCredentials``."""
        if self.held is not None:
            values, self.held = self.held, None
            self.variables["storedawscredentials"] = restored(self, values)
        return super().credentials

    @credentials.setter
    def credentials(self, value: AwsObject | None) -> None:
        self.held, self.replaced = None, True
        self.variables["storedawscredentials"] = value


def answer(data: bytes, write: Write, system: System) -> int:
    """Writes the answer to the request ``data``; the exit code."""
    console = _AnswerConsole(write)
    try:
        _answer(data, console, write, system)
    except KeysteadError as error:
        write(wire.line("error", _error_object(error)))
        return error.exit_code
    write(wire.line("end"))
    return 0


def _answer(data: bytes, console: Console, write: Write, system: System) -> None:
    request = _request(data)
    state = _Session(App(system, warn=console.warn), console)
    if request.get("region"):
        state.region = str(request["region"])
    region = state.region
    if "retrieve" in request:
        write(wire.line("output", _keys(state, request["retrieve"])))
        return
    if request.get("credentials") is not None:
        state.held = wire.handle_in(request["credentials"])
    _run(request, state, write, system.folders)
    if state.region != region:
        _set(write, "StoredAWSRegion", wire.outgoing(state.region, "", system.folders))
    if state.replaced:
        made = wire.outgoing(state.credentials, "Credential", system.folders)
        _set(write, "StoredAWSCredentials", made)


def _run(request: Mapping[str, Any], state: _Session, write: Write, folders: Folders) -> None:
    cmdlet = CMDLETS.find(request["cmdlet"])
    given = list(_arguments(state, cmdlet, request["parameters"]))
    what_if = request.get("what_if") is True and cmdlet.changes is not None
    if what_if:
        given.append(Named("WhatIf"))
    elif request.get("confirmed") is True and cmdlet.changes is not None:
        given.append(Named("Confirm", Value(False)))
    kind = cmdlet.name.partition("-")[2]

    def emit(items: Iterable[object]) -> None:
        for item in items:
            for one in flat([item]):
                write(wire.line("host" if what_if else "output", wire.outgoing(one, kind, folders)))

    try:
        with OneGeneration(partial(_line, request["cmdlet"], request["parameters"])):
            run_cmdlet(state, cmdlet, given, None, emit)
    finally:
        if state.response is not None:
            write(wire.line("response", wire.outgoing(state.response, "Response", folders)))


def _line(name: str, parameters: Mapping[str, Any]) -> str:
    """The command line for the undo history, as far as it can be stored."""
    words = [name]
    for parameter, value in parameters.items():
        if isinstance(value, str):
            words += [f"-{parameter}", value]
        elif value is True:
            words.append(f"-{parameter}")
    return mask_words(words, CMDLETS)


def _request(data: bytes) -> Mapping[str, Any]:
    try:
        request = parse_json(data.decode("utf-8-sig"))
    except ValueError:
        request = None
    if not isinstance(request, dict) or not (
        "retrieve" in request
        or (isinstance(request.get("cmdlet"), str) and isinstance(request.get("parameters"), dict))
    ):
        raise UsageError(
            "standard input does not have a request of the PowerShell module",
            id="powershell-module-version",
            hint="cmdlets run as `keystead Get-AWSCredential ...` without it",
        )
    if request.get("protocol") != PROTOCOL:
        raise UsageError(
            "the versions of the PowerShell module and of keystead are not compatible",
            id="powershell-module-version",
            hint="run `keystead powershell-module --install PATH` again, then import the module",
        )
    return request


def _arguments(state: _Session, cmdlet: Cmdlet, given: Mapping[str, Any]) -> Iterator[Argument]:
    """The parameters as the cmdlet binds them, without those that have no value.

    An empty string counts as no value: PowerShell converts a missing property to one.
    """
    for name, item in given.items():
        if item is None:
            continue
        rows = cmdlet.matches(name)
        row = rows[0] if len(rows) == 1 else None
        if row is not None and row.kind == "object":
            yield Named(name, Value(restored(state, wire.handle_in(item)), quoted=True))
        elif not (item == "" and row is not None and row.kind in ("string", "choice")):
            yield Named(name, Value(item, quoted=True))
    yield Named("Verbose", Value(True))


def restored(state: State, values: Mapping[str, Any]) -> AwsObject:
    """The credentials that `wire.handle_of` named."""
    return find_credentials(_without_credentials(state), values)


def _without_credentials(state: State) -> State:
    bare = State(state.app, state.console)
    bare.region = state.region
    return bare


def _keys(state: State, handle: object) -> object:
    """The credentials behind an object, for its method GetCredentials."""
    keys = retrieve_credentials(_without_credentials(state), wire.handle_in(handle))
    shown = {
        "AccessKey": keys.access_key_id,
        "SecretKey": Secret(keys.secret_access_key),
        "Token": Secret(keys.session_token) if keys.session_token else "",
        "UseToken": bool(keys.session_token),
        "Expiration": keys.expires_at,
    }
    return wire.outgoing(shown, "ImmutableCredentials", state.app.system.folders)


def _set(write: Write, name: str, value: object) -> None:
    write(wire.line("session", ["object", "=", "=name", f"={name}", "=value", value]))


def _error_object(error: KeysteadError) -> object:
    return [
        "object",
        "=",
        *("=message", f"={message(str(error))}"),
        *("=hint", f"={message(error.hint or '')}"),
        *("=id", f"={type(error).__name__}"),
        *("=category", f"={error.powershell_category}"),
        *("=code", error.exit_code),
    ]
