"""The table of cmdlets in words: help for one, and the reference page for all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from keystead.powershell.cmdlet import CHANGING, COMMON, Cmdlet, Parameter

_ONLY_SET = "all"


def help_text(cmdlet: Cmdlet) -> str:
    """What a cmdlet does, a syntax line for each parameter set, and its parameters."""
    lines = [cmdlet.name, f"    {_sentence(cmdlet.summary)}"]
    if cmdlet.deprecated:
        lines.append(f"    Deprecated: {cmdlet.deprecated}.")
    if cmdlet.aliases:
        lines += ["", "ALIASES", f"    {', '.join(cmdlet.aliases)}"]
    lines += ["", "SYNTAX", *(f"    {line}" for line in syntax(cmdlet))]
    if cmdlet.parameters:
        lines += ["", "PARAMETERS"]
    for row in cmdlet.parameters:
        lines += [f"    {_spelled(row)}", f"        {_sentence(row.meaning)}"]
        if row.aliases:
            lines.append(f"        Aliases: {', '.join(row.aliases)}")
        if row.sets is not None:
            lines.append(f"        Sets: {_sets(row)}")
    lines += ["", "COMMON PARAMETERS"]
    for row in cmdlet.shared_parameters:
        lines += [f"    {_spelled(row)}", f"        {_sentence(row.meaning)}"]
    return "\n".join(lines)


def syntax(cmdlet: Cmdlet) -> list[str]:
    """One line for each parameter set, brackets around what may be left out."""
    return [" ".join([cmdlet.name, *_syntax_of(cmdlet, name)]) for name in cmdlet.set_names]


def reference(cmdlets: Iterable[Cmdlet]) -> str:
    """All cmdlets as Markdown, with a heading of the second level for each."""
    common = "".join(f"* `{_spelled(row)}`: {row.meaning}\n" for row in (*COMMON, *CHANGING))
    changing = " and ".join(f"`-{row.name}`" for row in CHANGING)
    start = (
        f"Every cmdlet accepts these; {changing} only those that change something.\n\n{common}\n"
    )
    return start + "\n".join(line for cmdlet in cmdlets for line in _section(cmdlet))


def _section(cmdlet: Cmdlet) -> Iterator[str]:
    yield from (f"## {cmdlet.name}", "", _sentence(cmdlet.summary), "")
    if cmdlet.deprecated:
        yield from (f"Deprecated: {cmdlet.deprecated}.", "")
    if cmdlet.aliases:
        yield from (f"Aliases: {', '.join(f'`{name}`' for name in cmdlet.aliases)}", "")
    yield from ("```", *syntax(cmdlet), "```", "")
    if not cmdlet.parameters:
        return
    yield from ("| parameter | aliases | sets | meaning |", "| --- | --- | --- | --- |")
    for row in cmdlet.parameters:
        aliases = ", ".join(f"`-{name}`" for name in row.aliases)
        cells = (f"`{_spelled(row)}`", aliases, _sets(row), row.meaning)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""


def _syntax_of(cmdlet: Cmdlet, set_name: str | None) -> Iterator[str]:
    rows = [row for row in cmdlet.parameters if row.in_set(set_name)]
    # As PowerShell orders them: by position, then what must be given, then the rest.
    rows.sort(
        key=lambda row: (
            row.position is None,
            row.position or 0,
            not row.mandatory_in(set_name),
        )
    )
    for row in rows:
        name = f"-{row.name}" if row.position is None else f"[-{row.name}]"
        shown = name if row.kind == "switch" else f"{name} <{row.type_name or row.kind}>"
        yield shown if row.mandatory_in(set_name) else f"[{shown}]"
    if cmdlet.changes is not None:
        yield from (f"[-{row.name}]" for row in CHANGING)


def _spelled(row: Parameter) -> str:
    return f"-{row.name}" if row.kind == "switch" else f"-{row.name} <{row.type_name or row.kind}>"


def _sets(row: Parameter) -> str:
    if row.sets is None:
        return _ONLY_SET
    return ", ".join(
        f"{name} (required)" if mandatory else name for name, mandatory in row.sets.items()
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
