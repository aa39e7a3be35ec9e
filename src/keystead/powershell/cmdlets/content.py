"""``Get-Content`` of a credentials file, its secrets masked."""

from __future__ import annotations

import os
from collections.abc import Iterable

from keystead.errors import FileProblem, Origin
from keystead.powershell.cmdlet import Cmdlet, Parameter, Values
from keystead.powershell.engine.state import State
from keystead.text.document import Document
from keystead.text.masked import masked_lines


def get_content(state: State, values: Values) -> Iterable[str]:
    """``Get-Content``: the lines of a credentials file, its secrets masked."""
    path = state.app.system.folders.expand(values["Path"])
    data = state.app.system.files.read(path).data
    if data is None:
        raise FileProblem("there is no such file", id="file-missing", where=Origin(os.fspath(path)))
    return masked_lines(Document(data, os.fspath(path)))


CMDLETS = (
    Cmdlet(
        "Get-Content",
        "show a credentials file, its secrets masked",
        (Parameter("Path", "the file", sets={"Default": True}, position=0),),
        get_content,
    ),
)
