"""Command-line options that override the parameters of a profile's last role."""

from __future__ import annotations

from keystead.cli.command import Argument, Arguments, Context, argument
from keystead.errors import Origin, UsageError
from keystead.model import role_options as table
from keystead.model.role_options import Flag, RoleOptions
from keystead.text.encoding import utf8_text

_FILE = "file://"


_ROWS = {name: (row, row.flag) for name, row in table.ROLE_OPTIONS.items() if row.flag}


def _argument(flag: Flag) -> Argument:
    repeated = {"action": "append"} if flag.collect else {}
    return argument(flag.name, metavar=flag.metavar, help=flag.help, **repeated)


ROLE_OPTIONS = tuple(_argument(flag) for _, flag in _ROWS.values())


def role_options(context: Context, args: Arguments) -> RoleOptions | None:
    """The role options of a command line, None without any. Raises `UsageError`."""
    found = {}
    for name, (row, flag) in _ROWS.items():
        given = getattr(args, flag.name.removeprefix("--").replace("-", "_"))
        if flag.may_be_file and given and given.startswith(_FILE):
            given = _content(context, flag.name, given.removeprefix(_FILE))
        try:
            if given:
                found[name] = (flag.collect or row.read)(given)
        except ValueError as error:
            raise UsageError(f"{flag.name} {error}") from None
    return RoleOptions(**found) if found else None


def _content(context: Context, flag: str, path: str) -> str:
    system = context.app.system
    data = system.files.read(system.folders.expand(path)).data
    if data is None:
        raise UsageError(f"{flag} names a file that does not exist: {path}")
    return utf8_text(data, f"the file of {flag}", Origin(path)).strip()
