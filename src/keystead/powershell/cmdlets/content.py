"""``Get-Content`` of a credentials file, its secrets masked."""

from __future__ import annotations

from collections.abc import Iterable

from keystead.powershell.cmdlet import Cmdlet, Parameter, Values
from keystead.powershell.engine.state import State
from keystead.text.document import Document
from keystead.text.masked import masked_lines


def get_content(state: State, values: Values) -> Iterable[str]:
    """``Get-Content``: the lines of a credentials file, its secrets masked."""
    return masked_lines(Document(state.app.system.read(values["Path"]), values["Path"]))


CMDLETS = (
    Cmdlet(
        "Get-Content",
        "show a credentials file, its secrets masked",
        (Parameter("Path", "the file", sets={"Default": True}, position=0),),
        get_content,
    ),
)
