"""``python -m devtools.docs``: generates pages of docs/ and completion's words.py from tables.

A test checks that they are up to date.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import keystead
from devtools import python_page
from devtools.words import FILE, words
from keystead.cli.command import NO_INPUT, Command
from keystead.cli.commands import rows
from keystead.cli.parser import Parser, build_parser
from keystead.error_guide import guide
from keystead.errors import KeysteadError
from keystead.lint.finding import READERS, Readers
from keystead.lint.readings import NO_RULE
from keystead.lint.rules import RULES
from keystead.model.assume_role import TYPES
from keystead.model.explain.tools import KEYSTEAD, TOOLS, Tool
from keystead.model.settings import SETTINGS
from keystead.model.variables import VARIABLES
from keystead.powershell.engine.help import reference
from keystead.powershell.table import CMDLETS
from keystead.system.terminal import NO_INPUT_VARIABLE

DOCS = Path(__file__).parent.parent / "docs"
CONTRIBUTING = DOCS.parent / "CONTRIBUTING.md"
_TREE = "<!-- made by `make docs` from the first lines of docstrings -->\n\n```\n"
_GENERATED = "<!-- Made by `make docs` from the tables of the product; change those. -->\n\n"


def pages() -> dict[str, str]:
    """The text of each generated page by its file name."""
    return {
        "commands.md": _GENERATED + _commands(),
        "cmdlets.md": _GENERATED + "# Cmdlets\n\n" + reference(CMDLETS),
        "profiles.md": _GENERATED + _profiles(),
        "readers.md": _GENERATED + _readers(),
        "python.md": _GENERATED + python_page.page(),
        "environment.md": _GENERATED + _environment(),
        "errors.md": _GENERATED + _errors(),
    }


def contributing() -> str:
    """CONTRIBUTING with the tree of the source, a line for each folder and top-level module."""
    source = Path(keystead.__file__).parent
    modules = [path for path in source.glob("*.py") if not path.stem.startswith("_")]
    folders = [path.parent for path in source.glob("*/**/__init__.py")]
    paths = sorted([*modules, *folders], key=lambda path: (path in modules, path))
    width = max(len(str(path.relative_to(source))) for path in paths) + 2
    lines = []
    for path in paths:
        code = (path / "__init__.py" if path in folders else path).read_text(encoding="utf-8")
        meaning = (ast.get_docstring(ast.parse(code)) or "").splitlines()[0].rstrip(".")
        name = f"{path.relative_to(source).as_posix()}{'/' if path in folders else ''}"
        lines.append(f"{name:<{width}}{meaning}\n")
    before, start, rest = CONTRIBUTING.read_text().partition(_TREE)
    return before + start + "".join(lines) + rest[rest.index("```") :]


def _commands() -> str:
    commands = rows()
    parser = build_parser(commands)
    lines = [
        "# Commands",
        "",
        "Data goes to standard output, everything else to standard error. `PATH` of `--location`",
        "is a shared credentials file; the `config` in the same folder is read with it.",
        "",
        f"Every command takes `{NO_INPUT.names[0]}`, before its name or after it:",
        f"{NO_INPUT.options['help']}. The variable `{NO_INPUT_VARIABLE}=1` does the same.",
        "",
    ]
    for row in commands:
        if row.run and not any(other.name.startswith(f"{row.name} ") for other in commands):
            lines += _command(parser, row)
    return "\n".join([*lines, *_exit_codes()]) + "\n"


def _command(parser: Parser, command: Command) -> Iterator[str]:
    for word in command.name.split():
        parser = parser.children[word]
    usage = re.sub(r"\s+", " ", parser.format_usage()).removeprefix("usage: ").strip()
    usage = usage.replace(f" [{NO_INPUT.names[0]}]", "")
    yield from (f"## keystead {command.name}", "")
    yield from (
        f"{command.summary[:1].upper()}{command.summary[1:]}. {command.details}".strip(),
        "",
    )
    yield from ("```", usage, "```", "")
    for item in command.arguments:
        shown = ", ".join(f"`{name}`" for name in item.names if name.startswith("-"))
        shown = shown or f"`{item.options.get('metavar')}`"
        yield f"* {shown}: {item.options['help']}"
    if command.arguments:
        yield ""


def _exit_codes() -> Iterator[str]:
    yield from ("## Exit codes", "", "| code | error | meaning |", "| --- | --- | --- |")
    yield "| 0 | | done |"
    for error in sorted(_tree(KeysteadError), key=lambda e: (e.exit_code, e.__name__)):
        meaning = re.sub(r"\s+", " ", (error.__doc__ or "").strip()).partition(". ")[0].rstrip(".")
        yield f"| {error.exit_code} | `{error.__name__}` | {meaning} |"
    yield "| 130 | | interrupted |"
    yield "| other | | the command's own, from `exec` alone |"


def _environment() -> str:
    rows = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in VARIABLES.items())
    return (
        f"# Environment\n\n| variable | meaning |\n| --- | --- |\n{rows}\n\n"
        "`keystead doctor` warns of variables that look misspelt.\n\n"
        "A user without `HOME` and without an account on the machine, as in many containers, has\n"
        "no shared files and no folders of keystead except those that variables name. Commands\n"
        "that only read work; nothing is cached, and saving is refused until `HOME` or\n"
        "`KEYSTEAD_HOME` is set.\n"
    )


def _errors() -> str:
    lines = [
        "# Errors",
        "",
        "Each situation that keystead reports has an id. `keystead help ID` shows its row;",
        "`keystead.errors.KeysteadError.id`, `KEYSTEAD_DEBUG=1` and, for an error without another",
        "hint, the hint line show the id. Ids do not change; messages may.",
        "",
    ]
    for error, found in itertools.groupby(guide().items(), key=lambda row: row[1].error):
        status = f"exit code {error.exit_code}, HTTP status {error.http_status}"
        lines += [f"## {error.__name__}: {status}", "", "| id | meaning | what to do |"]
        lines += ["| --- | --- | --- |"]
        lines += [f"| `{name}` | {advice.meaning} | {advice.remedy} |" for name, advice in found]
        lines.append("")
    return "\n".join(lines)


def _tree(error: type[KeysteadError]) -> Iterator[type[KeysteadError]]:
    yield error
    for child in error.__subclasses__():
        if not child.__name__.startswith("_"):  # private ones depend on what is imported
            yield from _tree(child)


def _profiles() -> str:
    lines = [
        "# Profile types and settings",
        "",
        "The type of a profile is the first in this table whose deciding settings are all set. Its",
        "required settings must be set too; its optional ones may be. A setting of another type",
        "is refused when the profile is saved. Settings that do not decide the type (such as a",
        "region, or unknown ones) are allowed in every type and are saved unchanged.",
        "[Readers](readers.md) shows which tools read a profile differently.",
        "",
        "| type | gives | required | optional |",
        "| --- | --- | --- | --- |",
    ]
    for row in {row.name: row for row in TYPES}.values():
        required = ", ".join(f"`{key}`" for key in row.required)
        optional = ", ".join(f"`{key}`" for key in row.optional)
        lines.append(f"| {row.name} | {row.summary} | {required} | {optional} |")
    lines += ["", "## Settings", "", "| setting | meaning | values | encrypted store |"]
    lines.append("| --- | --- | --- | --- |")
    for setting in SETTINGS.values():
        stored = f"`{setting.netsdk or setting.name}`" + (", sealed" if setting.sealed else "")
        shown = "secret; " if setting.secret else ""
        rule = (shown + setting.rule).removesuffix("; ")
        lines.append(f"| `{setting.name}` | {setting.meaning} | {rule} | {stored} |")
    return "\n".join(lines) + "\n"


def _readers() -> str:
    lines = [
        "# How each SDK reads the shared files",
        "",
        "The AWS SDKs share most of their rules for the shared files, and keystead follows these.",
        "Where botocore and the .NET SDK, the most widely used, agree on something else, it",
        "follows them. `keystead dump` follows the shared rules exactly. A broken line invalidates",
        "its section and every profile of that name. If readers use different keys, delivering",
        "them prints a warning with file and line, and `keystead set` sets all duplicates to the",
        "same value. There is one exception: a comment after a value is always removed, because no",
        "service accepts a key that contains it.",
        "",
        "The table shows where readers differ. `keystead lint` finds what the column `rule` names,",
        "shows how each reader reads it, and suggests a spelling that all of them read alike.",
        "Tests compare the botocore column with botocore itself, and the .NET columns with the",
        "results of AWSSDK.Core 3.7.501.1 and 4.1.0 for 236 pairs of files. JS v3 was tried by",
        "hand in November 2026; the others are known from their source or documentation. All of it",
        "may become outdated. An empty cell means that it is not known.",
        "",
        f"| in the file | {' | '.join(READERS)} | rule |",
        f"|{' --- |' * (len(READERS) + 2)}",
        *(_reading(r.meaning, r.readers, f"`{r.id}`") for r in RULES.values() if any(r.readers)),
        *(_reading(what, readers, "") for what, readers in NO_RULE),
        "",
        "## Rules",
        "",
        "An error does not work by the SDKs' rules, makes the AWS CLI refuse the file, or gives",
        "keys to another profile. A warning is read differently by some reader, or is probably not",
        "what was meant. An info does not affect the exit code.",
        "",
        "| rule | severity | finds |",
        "| --- | --- | --- |",
        *(f"| `{rule.id}` | {rule.severity.value} | {rule.meaning} |" for rule in RULES.values()),
        "",
        "The files do not contain the age of a key. It is at least the time since the file was",
        "last changed; keys in a file that was changed recently may be old as well.",
        "",
        "## Where each tool searches",
        "",
        "`.NET 3.7` includes `FallbackCredentialsFactory` of 4.1. Both try web identity and the",
        "profile before the keys in the environment: if the shared files have a usable `default`,",
        "a program that gets keys from `keystead exec` or `env` signs with those of `default`.",
        "`keystead exec --hide-files` prevents this.",
        "",
        "`keystead explain` compares where each tool searches, in its order, if its program sets",
        "nothing. `environment` is a key pair in the environment, `role` a profile's role over",
        "another source, `profile` everything in a profile. keystead uses a web identity, a",
        "container or EC2 only from a profile.",
        "",
        "| tool | profile named by | credentials | region |",
        "| --- | --- | --- | --- |",
        *map(_tool, (KEYSTEAD, *TOOLS)),
    ]
    return "\n".join(lines) + "\n"


def _tool(tool: Tool) -> str:
    defaults = " or ".join(f"`{name}`" for name in tool.defaults)
    named = f"{', '.join(tool.profile)}, else {defaults}" if tool.profile else defaults
    rows = (tool.name, named, ", ".join(tool.search), ", ".join(tool.region))
    return f"| {' | '.join(rows)} |"


def _reading(what: str, readers: Readers, rule: str) -> str:
    return f"| {' | '.join([what, *readers.cells(), rule])} |"


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text)
    CONTRIBUTING.write_text(contributing())
    FILE.write_text(words(), encoding="utf-8")
