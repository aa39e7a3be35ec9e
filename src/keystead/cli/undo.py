"""``keystead undo``: reverts a command's changes, or lists what can be undone."""

from __future__ import annotations

from keystead.cli.command import JSON, Arguments, Context, argument, command
from keystead.console.tables import few, moment, table

_SHOWN = 10
"""How many names of profiles the table shows of a command."""


@command(
    "undo",
    "revert what the last command changed",
    argument("id", metavar="ID", nargs="?", help="the command to undo; else the last one"),
    argument("--list", action="store_true", help="show the commands that can be undone"),
    argument("--location", metavar="PATH", help="the last command that changed that file"),
    argument("--force", action="store_true", help="even if the file has changed since"),
    JSON,
    details="All changes of one command are reverted together. An undo can be undone too. The "
    "list shows command lines without secrets, and the changed profiles.",
)
def run(context: Context, args: Arguments) -> None:
    """``keystead undo [ID]``."""
    if args.list:
        _list(context, args)
        return
    generation = context.app.undo(args.id, args.location, force=args.force)
    if generation.command:
        context.console.note(f"undid `{generation.command}`")
    for path, before in zip(generation.paths, generation.before, strict=True):
        context.console.note(f"{'removed' if before is None else 'restored'} {path}")


def _list(context: Context, args: Arguments) -> None:
    found = context.app.undo_history.all()
    if args.json:
        context.console.json(
            [
                {
                    "id": generation.name,
                    "changed_at": generation.made.isoformat(),
                    "command": generation.command,
                    "profiles": list(generation.profiles),
                    "files": [str(path) for path in generation.paths],
                }
                for generation in found
            ]
        )
        return
    zone = context.app.system.zone()
    rows = [
        {
            "Id": generation.name,
            "Changed": moment(generation.made, zone),
            "Command": generation.command or "",
            "Profiles": few(generation.profiles, _SHOWN),
            "Files": ", ".join(map(str, generation.paths)),
        }
        for generation in found
    ]
    context.console.show(table(rows))
