"""``keystead help``: commands, cmdlets, errors, rules of `lint` and profile types."""

from __future__ import annotations

from keystead.cli import commands
from keystead.cli.command import Arguments, Context, argument, command
from keystead.cli.parser import build_parser
from keystead.error_guide import guide
from keystead.errors import UsageError
from keystead.model.assume_role import TYPES
from keystead.model.variables import VARIABLES
from keystead.near import did_you_mean, near_names
from keystead.secret import quoted


@command(
    "help",
    "explain a command, a cmdlet, an error, a rule of `lint` or a topic",
    argument(
        "topic",
        metavar="TOPIC",
        nargs="?",
        help="a name, an error id, a rule of `lint`, `cmdlets`, `environment`, `errors`, "
        "or `types`",
    ),
)
def run(context: Context, args: Arguments) -> None:
    """``keystead help [TOPIC]``."""
    from keystead.lint.rules import RULES  # imports all rules

    topic = args.topic
    if topic is None:
        context.console.show(build_parser(commands.rows()).format_help().rstrip())
    elif topic == "types":
        context.console.show(profile_types())
    elif topic == "environment":
        width = max(map(len, VARIABLES))
        rows = [f"{name:<{width}}  {meaning}" for name, meaning in VARIABLES.items()]
        context.console.show("\n".join(rows))
    elif topic == "errors":
        width = max(map(len, guide()))
        rows = [f"{name:<{width}}  {advice.meaning}" for name, advice in guide().items()]
        context.console.show("\n".join(rows))
    elif topic in guide().keys() | RULES.keys():
        texts = [guide()[topic].text(topic)] if topic in guide() else []
        texts += [RULES[topic].text()] if topic in RULES else []
        context.console.show("\n\n".join(texts))
    elif topic in commands.MODULES and " " not in topic:
        build_parser(commands.rows(topic)).parse_args([topic, "--help"])
    elif topic == "cmdlets" or ("-" in topic and not near_names(topic, guide(), likeness=0.8)):
        context.console.show(_help_on_cmdlets(topic))
    else:
        topics = (
            "cmdlets",
            "environment",
            "errors",
            "types",
            *guide(),
            *RULES,
            *(name for name in commands.MODULES if " " not in name),
        )
        meant = near_names(topic, topics)
        hint = (
            did_you_mean(meant)
            if meant
            else "topics are commands, cmdlets, error ids, rules of `lint`, `cmdlets`, "
            "`environment`, `errors` and `types`"
        )
        raise UsageError(
            f"there is no help on {quoted(topic, 'what was given')}",
            id="unknown-help-topic",
            hint=hint,
        )


def _help_on_cmdlets(topic: str) -> str:
    from keystead.powershell.engine.help import help_text
    from keystead.powershell.table import CMDLETS

    if topic != "cmdlets":
        return help_text(CMDLETS.find(topic))
    width = max(len(cmdlet.name) for cmdlet in CMDLETS)
    return "\n".join(f"{cmdlet.name:<{width}}  {cmdlet.summary}" for cmdlet in CMDLETS)


def profile_types() -> str:
    """The table of profile types: required and optional settings."""
    lines: list[str] = []
    for row in {row.name: row for row in TYPES}.values():
        lines += [row.name, f"  {row.summary}", f"  required: {', '.join(row.required)}"]
        if row.optional:
            lines.append(f"  optional: {', '.join(row.optional)}")
    return "\n".join(lines)
