"""``keystead lint``: problems in the shared files, how each SDK reads them, and how to fix them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from keystead.cli.command import JSON, LOCATION, Arguments, Context, argument, command
from keystead.console.console import message
from keystead.lint.finding import Finding, Rule, Severity, as_json
from keystead.printable import one_line

_FOUND = 1


@command(
    "lint",
    "problems in the shared files, how each SDK reads them, and how to fix them",
    LOCATION,
    argument("--config", metavar="FILE", help="check this config file"),
    argument("--credentials", metavar="FILE", help="check this credentials file"),
    JSON,
    details="The exit code is 1 when there are errors or warnings; see docs/readers.md.",
)
def run(context: Context, args: Arguments) -> int:
    """``keystead lint``. Exit code 1 if there is an error or a warning."""
    report = context.app.lint(args.location, args.config, args.credentials)
    if args.json:
        found = [as_json(finding) for finding in report.findings]
        context.console.json([{**row, "file": _file(str(row["file"]))} for row in found])
    else:
        lines = (line for found in report.findings for line in _lines(found))
        context.console.show("\n".join(lines))
    problems = [found for found in report.findings if found.severity is not Severity.INFO]
    context.console.note(_summary(problems, report.findings, report.files))
    return _FOUND if problems else 0


def _lines(found: Finding) -> Iterator[str]:
    severity, rule, where = found.severity.value, found.rule.id, found.where
    place = str(where._replace(file=_file(where.file)))
    yield one_line(f"{place}: {severity}: {message(found.message)} [{rule}]")
    yield one_line(f"  fix: {message(found.fix)}")
    readers = _readers(found.rule)
    if readers:
        yield one_line(f"  readers: {readers}")


_file = lru_cache(message)
"""The path of a file in messages; thousands of findings are in the same two."""


@lru_cache
def _readers(rule: Rule) -> str:
    return rule.readers.text()


def _summary(problems: list[Finding], findings: list[Finding], files: list[str]) -> str:
    if not findings and not files:
        return "there is no shared file to check"
    where = {found.where.file for found in problems} or files
    text = f"{_count(len(problems), 'problem')} in {_count(len(where), 'file')}"
    notes = len(findings) - len(problems)
    return f"{text}, and {notes} of severity info" if notes else text


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
