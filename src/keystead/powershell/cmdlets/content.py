"""``Get-Content`` of a credentials file, its secrets masked."""

from __future__ import annotations

from collections.abc import Iterable

from keystead.powershell.cmdlet import Cmdlet, Parameter, Values
from keystead.powershell.engine.state import State
from keystead.text.masked import MaskedText


def get_content(state: State, values: Values) -> Iterable[str]:
    """``Get-Content``: the lines of a credentials file, its secrets masked."""
    text = MaskedText(state.app.system.read(values["Path"]), values["Path"])
    return text.shown(0, len(text.lines))


CMDLETS = (
    Cmdlet(
        "Get-Content",
        "show a credentials file, its secrets masked",
        (Parameter("Path", "the file", sets={"Default": True}, position=0),),
        get_content,
    ),
)
