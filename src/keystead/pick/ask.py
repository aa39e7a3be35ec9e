"""Asking a person for the NAME of a command, by the list that the user prefers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from keystead.app import App
from keystead.app.selection import Location
from keystead.errors import UsageError
from keystead.near import did_you_mean, near_names
from keystead.pick.choice_history import ChoiceHistory
from keystead.pick.picker import Picker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.pick.choices import Choices

VARIABLE = "KEYSTEAD_PICKER"
_BUILT_IN, _FZF = "built-in", "fzf"
_QUESTION, _HINT = "which profile", "name a profile"


def ask_for_name(
    app: App, preview: Callable[[str], str], location: Location = None, query: str = ""
) -> str:
    """The name that a person chooses, which is recorded; ``preview`` says more of a name.

    Raises `KeyboardInterrupt` where they choose none, `InteractionRequired` without a terminal.
    """
    environ, terminal = app.system.environ, app.system.terminal
    picker = environ.get(VARIABLE) or _BUILT_IN
    if picker not in {_BUILT_IN, _FZF}:
        raise UsageError(
            f"{VARIABLE} is neither `{_FZF}` nor `{_BUILT_IN}`",
            hint=did_you_mean(near_names(picker, (_BUILT_IN, _FZF)), otherwise="unset it"),
        )
    terminal.require(_QUESTION, _HINT)
    history = ChoiceHistory(app.system)

    def load() -> Iterator[Choices]:
        from keystead.pick.choices import choices  # after the first drawing, which is to be fast

        yield from choices(app, location, history.moments())

    if picker == _FZF:
        from keystead.pick.fzf import choose as choose_by_fzf

        name = choose_by_fzf(app.system, [*load()][-1], query, location=os.fspath(location or ""))
    elif os.name != "nt" and environ.get("TERM", "dumb") == "dumb":
        from keystead.pick.lines import choose as choose_by_lines

        name = choose_by_lines(terminal, [*load()][-1], query)
    else:
        with terminal.raw() as raw:
            shown = Picker(
                raw,
                preview,
                query=query,
                loading="reading the profiles",
                styled="NO_COLOR" not in environ,
            )
            name = shown.choose(load())
    if name is None:
        raise KeyboardInterrupt
    history.add(name)
    return name
