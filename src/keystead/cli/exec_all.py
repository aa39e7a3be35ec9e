"""``keystead exec --all``: runs a command with the credentials of several profiles."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from codecs import getincrementaldecoder
from collections import deque
from concurrent.futures import Future
from fnmatch import fnmatchcase
from functools import partial

from keystead.app.program import prepare
from keystead.app.sharing import shared_by
from keystead.audit.grantee import Grantee
from keystead.cli.role_options import role_options
from keystead.console.console import message
from keystead.delivery import exec as child
from keystead.delivery import wire
from keystead.delivery.batch import Batch, Outcome
from keystead.errors import (
    InteractionRequired,
    KeysteadError,
    ProfileNotFound,
    StoreUnavailable,
    UsageError,
    WrongMfaCode,
)
from keystead.near import did_you_mean, near_names
from keystead.printable import one_line
from keystead.system.executable import executable_at
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator
    from typing import IO, NoReturn

    from keystead.app.selection import Selection
    from keystead.cli.command import Arguments, Context
    from keystead.console.console import Console
    from keystead.delivery.exec import Prepared
    from keystead.identity_center.lister import Progress
    from keystead.stores.chain import ChainSnapshot

_PROFILES = "`keystead list` shows the profiles there are"
_ROLES = "`keystead sso accounts` shows the accounts and roles there are"

_MOST_WAITING = 128
"""How many outcomes may wait for that of an earlier profile: each has two open files."""

_CHUNK = 3 << 14
"""Bytes that are read at once: a multiple of 3, for base64."""

_UNANSWERED = (InteractionRequired, StoreUnavailable, WrongMfaCode)
"""Errors after which a person is not asked again for the profiles that share the answer."""


class _Waiting(NamedTuple):
    name: str
    outcome: Future[Outcome]


def exec_all(context: Context, args: Arguments) -> int:
    """``keystead exec --all PATTERN -- COMMAND``; returns the highest exit code."""
    _check(args)
    app, options = context.app, role_options(context, args)
    program = executable_at(child.require(args.command, app.system.environ))
    names = _matching(context, args)
    show = _json_line if args.json else _block
    waiting: deque[_Waiting] = deque()
    highest = 0

    def prepared(selected: Selection) -> Prepared:
        found = selected.credentials(Grantee("exec", program=program))
        return prepare(app, selected, wire.variables(found), hide_files=args.hide_files)

    def show_next() -> None:
        nonlocal highest
        name, future = waiting[0]
        outcome = batch.outcome(future)
        waiting.popleft()
        show(context.console, name, outcome)
        context.console.flush()
        outcome.close()
        highest = max(highest, outcome.code)

    with Batch(args.command, args.jobs) as batch:
        try:
            selections = ((name, app.select(name, args.location, options)) for name in names)
            for name, get in _each_asked_once(selections, prepared):
                waiting.append(_Waiting(name, Future()))  # first, as Ctrl-C may come at any time
                batch.submit(get, waiting[-1].outcome)
                while len(waiting) > _MOST_WAITING or (waiting and waiting[0].outcome.done()):
                    show_next()
            while waiting:
                show_next()
        except KeyboardInterrupt:
            ended = batch.end(future for _, future in waiting)
            waiting = deque(row for row in waiting if row.outcome in ended)
            while waiting:
                show_next()
            raise
    return highest


def _check(args: Arguments) -> None:
    """Raises `UsageError`."""
    if args.name is not None:
        raise UsageError(
            "--all and NAME exclude each other",
            hint="quote each pattern and put -- before the command: --all 'prod-*' -- COMMAND",
        )
    if args.command is None:
        raise UsageError("--all needs a command", hint="--all 'prod-*' -- COMMAND")
    if args.endpoint or args.session:
        raise UsageError("--all and --endpoint exclude each other")


def _matching(context: Context, args: Arguments) -> list[str]:
    """The names that a pattern matches, sorted; letter case does not count, as in `list --filter`.

    Raises `ProfileNotFound` for a pattern that matches none, and as `matching_roles`.
    """
    snapshot = context.app.snapshot(args.location)
    lowered = {found.name: found.name.lower() for found in snapshot.profiles()}
    found: set[str] = set()
    for pattern in args.all:
        wanted = pattern.lower().replace("[", "[[]")
        fitting = {name for name, low in lowered.items() if fnmatchcase(low, wanted)}
        is_of_roles = pattern.count("/") == 2  # noqa: PLR2004  # session/account/role
        if is_of_roles and pattern not in fitting:
            fitting |= _roles(context, snapshot, pattern)
        if not fitting:
            meant = near_names(pattern.strip("*?"), lowered)
            raise ProfileNotFound(
                f"no profile matches `{pattern}`",
                hint=did_you_mean(meant, otherwise=_ROLES if is_of_roles else _PROFILES),
            )
        found |= fitting
    return sorted(found)


def _roles(context: Context, snapshot: ChainSnapshot, pattern: str) -> set[str]:
    from keystead.app.listings import matching_roles
    from keystead.cli.sso import with_progress

    def found(progress: Progress) -> set[str]:
        return {*matching_roles(context.app, snapshot, pattern, progress)}

    return with_progress(context.console, found)


def _each_asked_once(
    selections: Iterable[tuple[str, Selection]], prepared: Callable[[Selection], Prepared]
) -> Iterator[tuple[str, Callable[[], Prepared]]]:
    """Each name with a function for its environment.

    Where a person may be asked, the credentials are retrieved here, one after the other. Those of
    profiles that share a login or an MFA session with an earlier one are left to the function.
    """
    shared: dict[Hashable, KeysteadError | None] = {None: None}
    for name, selected in selections:
        key: Hashable = None
        get: Callable[[], Prepared]
        try:
            key = shared_by(selected)
            if key is None or key not in shared:
                get = partial(_give, prepared(selected))
                shared[key] = None
            elif error := shared[key]:
                get = partial(_refuse, error)
            else:
                get = partial(prepared, selected)
        except KeysteadError as error:
            get = partial(_refuse, error)
            if key is not None and isinstance(error, _UNANSWERED):
                shared[key] = error
        yield name, get


def _give(prepared: Prepared) -> Prepared:
    return prepared


def _refuse(error: KeysteadError) -> NoReturn:
    raise error


def _block(console: Console, name: str, outcome: Outcome) -> None:
    """The output below a line with the name and, unless it is 0, the exit code.

    Standard error has that line too, unless both are the same file.
    """
    code = f": exit code {outcome.code}" if outcome.code else ""
    header = f"==> {one_line(name)}{code} <==\n".encode("utf-8", "replace")
    console.write([header])
    console.write(_chunks(outcome.output))
    if outcome.error or _size(outcome.errors):
        if not _is_one_file():
            console.write([header], errors=True)
        console.write(_chunks(outcome.errors), errors=True)
        if outcome.error:
            console.error(outcome.error)


def _is_one_file() -> bool:
    try:
        return os.path.sameopenfile(1, 2)
    except OSError:
        return False


def _json_line(console: Console, name: str, outcome: Outcome) -> None:
    """One object on one line, in ASCII; output that is not UTF-8 is in base64."""
    first = json.dumps({"name": name, "exit_code": outcome.code})
    last: dict[str, object] = {"seconds": round(outcome.seconds, 3)}
    if error := outcome.error:
        last["error"] = {"id": error.id, "message": message(str(error)), "hint": error.hint}
    console.write([first[:-1].encode()])
    for key, file in (("stdout", outcome.output), ("stderr", outcome.errors)):
        is_text = _is_text(file)
        console.write([f', "{key}{"" if is_text else "_base64"}": "'.encode()])
        console.write(_text(file) if is_text else map(b64encode, _chunks(file)))
        console.write([b'"'])
    console.write([f", {json.dumps(last)[1:]}\n".encode()])


def _is_text(file: IO[bytes] | None) -> bool:
    try:
        for _ in _text(file):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _text(file: IO[bytes] | None) -> Iterator[bytes]:
    """The text as in a JSON string. Raises `UnicodeDecodeError`."""
    decoder = getincrementaldecoder("utf-8")()
    for chunk in _chunks(file):
        yield json.dumps(decoder.decode(chunk))[1:-1].encode()
    decoder.decode(b"", final=True)


def _size(file: IO[bytes] | None) -> int:
    return file.seek(0, os.SEEK_END) if file else 0


def _chunks(file: IO[bytes] | None) -> Iterator[bytes]:
    if file:
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk
