"""``keystead status``: until when logins and sessions are valid. Reads no key and calls nobody."""

from __future__ import annotations

from keystead.cli.command import JSON, Arguments, Context, argument, command
from keystead.errors import KeysteadError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.app.validity import Status


@command(
    "status",
    "until when logins and sessions are valid",
    argument("name", metavar="NAME", nargs="?", help="a profile; else all logins and sessions"),
    argument(
        "--prompt",
        action="store_true",
        help="print a short text for a shell's prompt: the profile, and how long it is valid",
    ),
    JSON,
    details="It reads no key and calls nobody. --prompt means NAME, else the profile of a shell "
    "that `keystead exec` has opened, of AWS_PROFILE, or `default`, and prints nothing where "
    "nothing is valid.",
)
def status(context: Context, args: Arguments) -> None:
    """``keystead status [NAME]``."""
    if args.prompt and args.json:
        raise UsageError("--prompt and --json exclude each other")
    if args.prompt:
        _prompt(context, args.name)
        return
    from keystead.app.status import statuses, statuses_of
    from keystead.console.tables import table

    app = context.app
    found = [*(statuses(app) if args.name is None else statuses_of(app, args.name))]
    if args.json:
        rows = [
            row._asdict() | {"expires_at": row.expires_at and row.expires_at.isoformat()}
            for row in found
        ]
        context.console.json(rows)
        return
    columns = ["What", "Name", "Until", *(["Profiles"] if any(r.profiles for r in found) else [])]
    shown = [_shown(context, row) for row in found]
    context.console.show(table(shown, columns, width=context.console.width))


_MOST_PROFILES = 3
_ABSENT = {"login": "not signed in", "agent": "not running"}


def _shown(context: Context, row: Status) -> dict[str, object]:
    from keystead.console.tables import moment
    from keystead.model.time_left import time_left

    system = context.app.system
    if row.is_valid and row.expires_at:
        left = time_left((row.expires_at - system.clock()).total_seconds())
        until = f"{moment(row.expires_at, system.zone())}, {left}"
    elif row.is_valid:
        until = "no end"
    else:
        until = "expired" if row.expires_at else _ABSENT.get(row.kind, "not valid")
    if row.is_renewed and row.expires_at and row.kind == "login":
        until += ", then renewed" if row.is_valid else ", renewed at the next use"
    shown, more = row.profiles[:_MOST_PROFILES], len(row.profiles[_MOST_PROFILES:])
    profiles = ", ".join(shown) + (f" and {more} more" if more else "")
    return {"What": row.kind, "Name": row.name, "Until": until, "Profiles": profiles}


def _prompt(context: Context, name: str | None) -> None:
    """Print the prompt; errors print nothing, as the next prompt would repeat them."""
    from keystead.app.prompt import prompt
    from keystead.model.time_left import with_time_left

    context.console.muted = True
    app = context.app
    try:
        found = prompt(app, name)
    except KeysteadError:
        return
    ends, now = found.expires_at, app.system.clock()
    text = with_time_left(found.text, (ends - now).total_seconds() if ends else None)
    context.console.write([text.encode("utf-8", "replace")])
    context.console.flush()
    token = app.agent.watched(found.token)
    if token:
        app.agent.keep_prompt(name or "", found.text, token, ends.timestamp() if ends else None)
