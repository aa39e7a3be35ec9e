"""The definition of a plain command: a function with its row above it."""

from __future__ import annotations

from functools import cached_property
from types import SimpleNamespace

TYPE_CHECKING = False  # type checkers know the name; `typing` takes as long as a short command
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from keystead.app import App
    from keystead.console.console import Console

Arguments = SimpleNamespace
"""The values of a command's arguments, by their names as in `argparse`."""


class Context:
    """What a command works with; the app is made by ``make_app`` when it is first used.

    ``environ`` is the environment of the process, for what needs no app.
    """

    def __init__(
        self, console: Console, environ: Mapping[str, str], make_app: Callable[[], App]
    ) -> None:
        self.console = console
        self.environ = environ
        self._make_app = make_app

    @cached_property
    def app(self) -> App:
        """The operations of keystead."""
        return self._make_app()

    def with_app(self, app: App) -> Context:
        """The same context with another app."""
        return Context(self.console, self.environ, lambda: app)


if TYPE_CHECKING:
    Run = Callable[[Context, Arguments], int | None]


class Argument:
    """One argument: its names and its options for `argparse`.

    ``is_picked``: it is a NAME that is chosen from a list where none is given on a terminal.
    """

    def __init__(self, names: tuple[str, ...], options: dict[str, Any]) -> None:
        self.is_picked: bool = options.pop("picked", False)
        self.names = names
        self.options = options
        self.is_option = names[0].startswith("-")
        self.key: str = options.get("dest") or names[0].lstrip("-").replace("-", "_")
        self.is_flag = options.get("action") == "store_true"
        self.nargs: str | None = options.get("nargs")


class Command:
    """One row of the table. ``name`` is the full name, such as ``store init``.

    ``run`` returns the exit code, None for 0; a command that only has subcommands has none.
    """

    def __init__(
        self,
        name: str,
        summary: str,
        arguments: tuple[Argument, ...],
        run: Run | None,
        details: str = "",
    ) -> None:
        self.name = name
        self.summary = summary
        self.arguments = arguments
        self.run = run
        self.details = details

    @property
    def program(self) -> Argument | None:
        """The argument that takes the command line of a program."""
        return next((item for item in self.arguments if item.nargs == PROGRAM), None)

    @property
    def is_picked(self) -> bool:
        """Whether its NAME is chosen from a list where none is given on a terminal."""
        return any(item.is_picked for item in self.arguments)

    def split(self, words: Iterable[str]) -> tuple[list[str], list[str] | None]:
        """The words of this command, and those of the program: all after ``--``, or from the first
        word that is neither an option nor has a place here. None: there is no program.
        """
        if self.program is None:
            return [*words], None
        options = {name: item for item in self.arguments for name in item.names if item.is_option}
        places = sum(not item.is_option for item in self.arguments) - 1
        own: list[str] = []
        rest = iter(words)
        for word in rest:
            if word == "--":
                return own, [*rest]
            if not word.startswith("-"):
                if places == 0:
                    return own, [word, *rest]
                places -= 1
            own.append(word)
            if word in options and not options[word].is_flag:
                own += [value for value in (next(rest, None),) if value is not None]
        return own, None


ROWS: dict[str, Command] = {}
"""The rows of the modules that are loaded, by full name."""


def command(
    name: str, summary: str, *arguments: Argument, details: str = ""
) -> Callable[[Run], Run]:
    """Register the function below as the command ``name``, whose module `commands` names."""

    def register(run: Run) -> Run:
        ROWS[name] = Command(name, summary, arguments, run, details)
        return run

    return register


def group(name: str, summary: str) -> None:
    """Register a command that only has subcommands."""
    ROWS[name] = Command(name, summary, (), None)


def argument(*names: str, **options: Any) -> Argument:  # noqa: ANN401  # argparse's own
    """An `Argument` with the parameters of argparse's ``add_argument``."""
    return Argument(names, options)


LOCATION = argument(
    "--location", metavar="PATH", help="use only the shared credentials file at PATH"
)
JSON = argument("--json", action="store_true", help="print JSON")
NO_INPUT = argument(
    "--no-input",
    action="store_true",
    help="never prompt, as without a terminal; programs that it starts inherit this",
)
"""An option of every command, before its name or after it."""
FORCE = argument("--force", action="store_true", help="do not ask")
NAME = argument("name", metavar="NAME", help="a profile")
PICKED_NAME = argument("name", metavar="NAME", help="a profile", picked=True)
NAME_OR_DEFAULT = argument(
    "name", metavar="NAME", nargs="?", help="a profile; else the default search"
)
PROGRAM = "program"
"""The ``nargs`` of a program's command line: see `Command.split`."""
SESSION = argument(
    "--session",
    action="store_true",
    help="deliver a session in place of a user's long-term keys",
)
