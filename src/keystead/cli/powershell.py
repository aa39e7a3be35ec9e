"""``keystead powershell-module``: installs the PowerShell module and answers its requests."""

from __future__ import annotations

import sys

from keystead import caller
from keystead.cli.command import JSON, Arguments, Context, argument, command
from keystead.console.tables import table
from keystead.errors import UsageError
from keystead.system.path import Path

DEFAULT_SERVICES = ("sts",)
"""Always included: 30 KB. S3 has 0.5 MB and EC2 3 MB, which each PowerShell must read."""


@command(
    "powershell-module",
    "install the PowerShell module Keystead, or show where PowerShell looks for modules",
    argument("--install", metavar="PATH", help="write the module below PATH, a folder of modules"),
    argument(
        "--service",
        metavar="NAMES",
        action="append",
        help="also define functions for these services, such as s3,ec2; sts is always included",
    ),
    argument(
        "--answer",
        action="store_true",
        help="answer one request of the module on standard input; for the module itself",
    ),
    JSON,
    details="Without an option: the folders that PowerShell searches, as far as known, and the "
    "versions of the module in them. The module's functions call the cmdlets of this command; "
    "Invoke-KeysteadCmdlet runs any other cmdlet. JSON is a list, each with `folder` and "
    "`versions`.",
)
def run(context: Context, args: Arguments) -> int | None:
    """``keystead powershell-module``."""
    if args.answer:
        return _answer(context)
    if args.install is not None:
        _install(context, args)
    elif args.service:
        raise UsageError("`--service` requires `--install PATH`")
    else:
        _folders(context, args)
    return None


def _answer(context: Context) -> int:
    from keystead.powershell.module.answer import answer  # imports all cmdlets

    if sys.stdin is None:
        raise UsageError("standard input is closed", id="standard-input-closed")

    caller.process.require_own_process()

    def write(line: str) -> None:
        context.console.out(line)
        context.console.flush()

    return answer(sys.stdin.buffer.read(), write, context.app.system)


def _install(context: Context, args: Arguments) -> None:
    from keystead.powershell.module.install import install

    named = [name.strip() for item in args.service or () for name in item.split(",")]
    services = dict.fromkeys([*DEFAULT_SERVICES, *filter(None, named)])
    folder = context.app.system.folders.expand(args.install)
    place, changed = install(context.app.system, folder, list(services))
    context.console.show(f"{place}" if changed else f"{place} is up to date")
    context.console.note("in PowerShell: Import-Module Keystead")


def _folders(context: Context, args: Arguments) -> None:
    from keystead.powershell.module.files import NAME
    from keystead.powershell.module.install import module_folders

    rows = [
        {"folder": str(folder), "versions": _versions(folder / NAME)}
        for folder in module_folders(context.app.system)
    ]
    if args.json:
        context.console.json(rows)
        return
    shown = [{"Folder": row["folder"], NAME: ", ".join(row["versions"]) or "-"} for row in rows]
    context.console.show(table(shown))
    context.console.note(
        f"`keystead powershell-module --install {rows[0]['folder']}` installs the module"
    )


def _versions(place: Path) -> list[str]:
    return sorted(path.parent.name for path in place.glob("*/*.psd1"))
