"""``--dry-run``: runs a command without writing files and shows what it would write."""

from __future__ import annotations

from functools import wraps

from keystead.cli.command import Arguments, Context, argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.cli.command import Run

DRY_RUN = argument("--dry-run", action="store_true", help="only show what would change")


def dry(run: Run) -> Run:
    """Add ``--dry-run`` to ``run``: print a diff, write nothing."""

    @wraps(run)
    def either(context: Context, args: Arguments) -> int | None:
        if not args.dry_run:
            return run(context, args)
        from keystead.app.dry_run import DryRun  # only for a dry run

        dry_run = DryRun(context.app)
        code = run(context.with_app(dry_run.app), args)
        for line in dry_run.changes():
            context.console.show(line)
        return code

    return either
