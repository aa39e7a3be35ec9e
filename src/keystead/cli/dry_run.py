"""``--dry-run``: runs a command without writing files and shows what it would write."""

from __future__ import annotations

import argparse
from dataclasses import replace

from keystead.cli.command import Context, Run, argument

DRY_RUN = argument("--dry-run", action="store_true", help="only show what would change")


def dry(run: Run) -> Run:
    """Add ``--dry-run`` to ``run``: print a diff, write nothing."""

    def either(context: Context, args: argparse.Namespace) -> int | None:
        if not args.dry_run:
            return run(context, args)
        from keystead.app.dry_run import DryRun  # only for a dry run

        dry_run = DryRun(context.app)
        code = run(replace(context, app=dry_run.app), args)
        for line in dry_run.changes():
            context.console.show(line)
        return code

    return either
