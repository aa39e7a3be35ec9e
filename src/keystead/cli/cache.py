"""Plain commands on the cache of sessions: cache list, cache clear."""

from __future__ import annotations

from keystead.cli.command import JSON, Arguments, Context, command, group
from keystead.console.tables import moment, table

group("cache", "temporary credentials that are cached until they expire")


@command("cache list", "the cached sessions, without decrypting them", JSON)
def list_(context: Context, args: Arguments) -> None:
    """``keystead cache list``."""
    cached = context.app.sessions.all()
    if args.json:
        context.console.json(
            [
                {"key": row.key, "source": row.source, "expires_at": row.expires_at.isoformat()}
                for row in cached
            ]
        )
        return
    zone = context.app.system.zone()
    rows = [{"Source": row.source, "Expires": moment(row.expires_at, zone)} for row in cached]
    context.console.show(table(rows))


@command("cache clear", "delete all of them")
def clear(context: Context, _args: Arguments) -> None:
    """``keystead cache clear``."""
    number = context.app.clear_cache()
    context.console.note(f"forgot {number} session{'' if number == 1 else 's'}")
