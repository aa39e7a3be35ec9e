"""``--dry-run``: runs a command over files that are only read, and shows what it would write."""

from __future__ import annotations

import argparse
from dataclasses import replace

from keystead.app import App
from keystead.cli.command import Context, Run, argument
from keystead.system.dry_run import DryFiles, DryTerminal
from keystead.text.masked import shown_change

DRY_RUN = argument("--dry-run", action="store_true", help="only show what would change")


def dry(run: Run) -> Run:
    """``run`` with its ``--dry-run``: a diff on standard output, and nothing written."""

    def either(context: Context, args: argparse.Namespace) -> int | None:
        if not args.dry_run:
            return run(context, args)
        system = context.app.system
        files = DryFiles(ignored=system.folders.generations)
        system = replace(system, files=files, terminal=DryTerminal())
        code = run(replace(context, app=App(system, warn=context.app.warn)), args)
        for path, (before, after) in files.written.items():
            context.console.show("\n".join(shown_change(str(path), before, after)))
        return code

    return either
