"""``keystead explain``: which source wins, which lose and why, and which tools differ."""

from __future__ import annotations

from collections.abc import Iterator

from keystead.cli.command import JSON, LOCATION, NAME_OR_DEFAULT, Arguments, Context, command
from keystead.model.explain.answer import Answer, Outcome, Row, as_json
from keystead.printable import one_line


@command(
    "explain",
    "which source wins for credentials and region, which lose and why",
    NAME_OR_DEFAULT,
    LOCATION,
    JSON,
    details="Opens no store and asks no questions. JSON has `profile`, and under `credentials`, "
    "`settings` (those of the profile that the search finds, if any) and `region` each: "
    "`winner`, the name of a source or null; `sources` in order, each with `source`, `what`, "
    "`outcome` (`won`, `lost`, `broken`, `absent`), `why`, and `where`, variables and places; and "
    "`tools` that choose differently, with `tools`, `chooses` and `why`.",
)
def run(context: Context, args: Arguments) -> int:
    """``keystead explain [NAME]``. The exit code is 0 even if no source wins."""
    explanation = context.app.select(args.name, args.location).explanation
    if args.json:
        context.console.json(as_json(explanation))
        return 0
    lines = [*_lines("credentials", explanation.credentials)]
    if explanation.settings:
        lines += _lines(f"settings of profile {explanation.profile}", explanation.settings)
    lines += _lines("region", explanation.region)
    shown = map(one_line, lines)
    context.console.show("\n".join(shown))
    return 0


def _lines(title: str, answer: Answer) -> Iterator[str]:
    yield title
    there = [row for row in answer.rows if row.outcome is not Outcome.ABSENT]
    width = max((len(row.outcome.value) for row in there), default=0)
    yield from (_line(row, width) for row in there)
    absent = [row.what for row in answer.rows if row.outcome is Outcome.ABSENT]
    if absent:
        yield f"  absent: {', '.join(absent)}"
    for other in answer.others:
        why = f" ({other.why})" if other.why else ""
        yield f"  otherwise: {'; '.join(other.tools)}: {other.chooses}{why}"


def _line(row: Row, width: int) -> str:
    where = f" [{', '.join(row.where)}]" if row.where else ""
    return f"  {row.outcome.value:<{width}}  {row.what}{where}: {row.why}"
