"""``keystead pick``, and the NAME of other commands where none is given on a terminal."""

from __future__ import annotations

import sys

from keystead.cli.command import LOCATION, Arguments, Context, argument, command
from keystead.errors import KeysteadError, UsageError
from keystead.pick.ask import ask_for_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.app.selection import Location


@command(
    "pick",
    "choose a profile from a list, and print its name",
    argument("query", metavar="QUERY", nargs="?", help="what to search for at first"),
    LOCATION,
    details="The list is on the terminal, so that $(keystead pick) is the name. Type some letters "
    "of what is shown, in their order; Enter chooses, Esc leaves. KEYSTEAD_PICKER=fzf uses fzf.",
)
def pick(context: Context, args: Arguments) -> None:
    """``keystead pick [QUERY]``."""
    if not context.app.system.terminal.available():
        raise UsageError(
            "there is no terminal to choose on", hint="name a profile; `keystead list` shows them"
        )
    name = pick_name(context, args.location, args.query or "")
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    (context.console.show if is_terminal else context.console.out)(name)


def pick_name(context: Context, location: Location = None, query: str = "") -> str:
    """The name that a person chooses. Raises as `ask_for_name`."""
    app = context.app

    def preview(name: str) -> str:
        from keystead.cli.plan import plan_text  # slow to import, and not for the first drawing
        from keystead.model.plan import make_plan
        from keystead.model.unopened import Unopened

        try:
            plan = make_plan(name, Unopened(app.snapshot(location)))
            return plan_text(plan, (), app.system.clock())
        except KeysteadError as error:
            return str(error)

    return ask_for_name(app, preview, location, query)
