"""Options that ask the last role of a profile for a session of another kind, this time."""

from __future__ import annotations

import argparse

from keystead.cli.command import Argument, Context, argument
from keystead.errors import Origin, UsageError
from keystead.model import role_options as table
from keystead.model.role_options import RoleOption, RoleOptions
from keystead.text.encoding import utf8_text

_FILE = "file://"


def _argument(row: RoleOption) -> Argument:
    repeated = {"action": "append"} if row.collect else {}
    return argument(row.flag, metavar=row.metavar, help=row.help, **repeated)


ROLE_OPTIONS = tuple(map(_argument, table.ROLE_OPTIONS.values()))


def role_options(context: Context, args: argparse.Namespace) -> RoleOptions | None:
    """The options that were given; None for none. Raises `UsageError`."""
    found = {}
    for name, row in table.ROLE_OPTIONS.items():
        given = getattr(args, row.flag.removeprefix("--").replace("-", "_"))
        if row.may_be_file and given and given.startswith(_FILE):
            given = _content(context, row.flag, given.removeprefix(_FILE))
        try:
            if given:
                found[name] = (row.collect or row.read)(given)
        except ValueError as error:
            raise UsageError(f"{row.flag} {error}") from None
    return RoleOptions(**found) if found else None


def _content(context: Context, flag: str, path: str) -> str:
    system = context.app.system
    data = system.files.read(system.folders.expand(path)).data
    if data is None:
        raise UsageError(f"{flag} names a file that does not exist: {path}")
    return utf8_text(data, f"the file of {flag}", Origin(path)).strip()
