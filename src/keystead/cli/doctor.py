"""``keystead doctor``: problems of this machine, each with its fix."""

from __future__ import annotations

from keystead import caller
from keystead.cli.command import JSON, Arguments, Context, command
from keystead.doctor.checks import examine
from keystead.doctor.result import Status
from keystead.printable import one_line

_FOUND = 1


@command(
    "doctor",
    "problems of this machine, each with its fix",
    JSON,
    details="Checks versions, files and folders, the encrypted store, the keyring, the "
    "environment, whether STS and IAM Identity Center answer within two seconds, and the clock "
    "against that of STS. The exit code is 1 if there is a problem; warnings, such as being "
    "offline, do not count. "
    "JSON is a list, each with `check`, `status` (`ok`, `warning`, `problem`), `message` and `fix` "
    "(or null).",
)
def run(context: Context, args: Arguments) -> int:
    """``keystead doctor``. Exit code 1 if there is a problem."""
    caller.process.require_own_process()  # its state is what is checked
    found = list(examine(context.app))
    if args.json:
        context.console.json(
            [
                {
                    "check": check.id,
                    "status": result.status.value,
                    "message": result.message,
                    "fix": result.fix,
                }
                for check, result in found
            ]
        )
    else:
        width = max(len(status.value) for status in Status)
        lines: list[str] = []
        for check, result in found:
            lines.append(f"{result.status.value:<{width}}  {check.id}: {result.message}")
            if result.fix:
                lines.append(f"{'':<{width}}  fix: {result.fix}")
        context.console.show("\n".join(map(one_line, lines)))
    problems = sum(result.status is Status.PROBLEM for _, result in found)
    return _FOUND if problems else 0
