"""The plain command on the audit log: audit."""

from __future__ import annotations

import os

from keystead.cli.command import JSON, Arguments, Context, argument, command
from keystead.console.tables import moment, table
from keystead.errors import StoreCorrupt
from keystead.outside import parse_moment

_COLUMNS = ("profile", "way", "program", "pid")
_INNER = ("previous", "hash")


@command(
    "audit",
    "who got credentials, of which profile, by which channel and until when",
    argument("--verify", action="store_true", help="check that it was not changed"),
    JSON,
)
def show(context: Context, args: Arguments) -> None:
    """``keystead audit [--verify]``."""
    if args.verify:
        _verify(context, args)
        return
    entries = [line.entry for line in context.app.audit.lines() if line.entry]
    if args.json:
        context.console.json(
            [{key: entry[key] for key in entry if key not in _INNER} for entry in entries]
        )
        return
    zone = context.app.system.zone()
    rows = [
        {
            "Time": moment(parse_moment(entry["time"]), zone),
            **{name.capitalize(): entry[name] for name in _COLUMNS},
            "Program": os.path.basename(entry["program"] or "") or None,
            "Until": moment(parse_moment(until), zone) if (until := entry["expires_at"]) else None,
        }
        for entry in entries
    ]
    context.console.show(table(rows))


def _verify(context: Context, args: Arguments) -> None:
    log = context.app.audit
    faults = log.verify()
    if args.json:
        context.console.json([fault._asdict() for fault in faults])
    for fault in faults:
        report = context.console.note if fault.accident else context.console.warn
        report(f"{fault.where}: {fault.message}")
    if any(not fault.accident for fault in faults):
        raise StoreCorrupt(
            "the audit log was changed after it was written",
            id="audit-log-changed",
            hint=f"keep a copy of {log.path.parent} and find out who wrote there",
        )
    if not args.json:
        context.console.note("the audit log is unchanged")
