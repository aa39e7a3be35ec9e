"""Plain commands on the cache of sessions: cache list, cache clear."""

from __future__ import annotations

import argparse

from keystead.cli.command import Context
from keystead.console.tables import moment, table


def list_(context: Context, args: argparse.Namespace) -> None:
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


def clear(context: Context, _args: argparse.Namespace) -> None:
    """``keystead cache clear``."""
    number = context.app.clear_cache()
    context.console.note(f"forgot {number} session{'' if number == 1 else 's'}")
