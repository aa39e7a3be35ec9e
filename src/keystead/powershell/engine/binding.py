"""Binds the words of a cmdlet to its parameters, by PowerShell's rules.

Names are case-insensitive and may be aliases or unique prefixes; values without a name are bound by
position; then the parameter set is resolved. No error shows a value, since it may be a misplaced
secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, takewhile
from typing import Any

from keystead.errors import UsageError
from keystead.near import did_you_mean, near_names
from keystead.powershell import unsupported
from keystead.powershell.cmdlet import Cmdlet, Parameter
from keystead.powershell.engine.conversion import converted, fits_by_position, fits_from_pipe
from keystead.powershell.language.evaluation import Argument, Named, Predicate, Value
from keystead.powershell.objects import own_property
from keystead.secret import holds_key

Ask = Callable[[Parameter], object]
"""Returns the value of a mandatory parameter that was omitted, or None."""

_Row = tuple[Parameter, object]


@dataclass(frozen=True)
class Bound:
    """A cmdlet with its parameters; ``values`` by canonical names, omitted ones left out.

    A ``$null`` counts as omitted. ``set_name`` is None for a cmdlet without parameter sets.
    """

    cmdlet: Cmdlet = field(repr=False)
    set_name: str | None
    values: Mapping[str, Any] = field(repr=False)


def bind(
    cmdlet: Cmdlet,
    arguments: Sequence[Argument],
    ask: Ask | None = None,
    *,
    piped: Sequence[object] | None = None,
) -> Bound:
    """Binds ``arguments`` to the parameters of ``cmdlet``.

    ``ask`` is called for mandatory parameters that were omitted. ``piped`` is the input of the
    pipeline: all of it for a cmdlet with a stream, else one object. Raises `UsageError` for
    unknown, ambiguous, repeated, missing and incompatible parameters, for surplus values and for
    values that a parameter does not accept.
    """
    given: dict[str, _Row] = {}
    positional: list[Value] = []
    rest = list(arguments)
    while rest:
        item = rest.pop(0)
        if isinstance(item, Value):
            positional.append(item)
            continue
        guarded = any(other.secret for other, _ in given.values())
        row = _find(cmdlet, item.name, guarded=guarded)
        if row.refused is not None:
            raise UsageError(
                f"`-{row.name}` is not supported", id="parameter-not-supported", hint=row.refused
            )
        if row.name in given:
            raise UsageError(f"`-{row.name}` is given twice", id="conflicting-parameters")
        given[row.name] = (row, _taken(row, item, rest))
    if positional:
        _place(cmdlet, given, positional)
    if piped is not None:
        _place_piped(cmdlet, given, piped)
    set_name, asked = _choose(cmdlet, given, ask)
    given.update(asked)
    values = {name: converted(row, value) for name, (row, value) in given.items()}
    for row, value in given.values():
        if row.filled_in(set_name) and value in (None, ""):
            hint = None if row.mandatory_in(set_name) else "omit it to use the default"
            raise UsageError(f"`-{row.name}` must not be empty", hint=hint)
    stored = {name: value for name, value in values.items() if value is not None}
    return Bound(cmdlet, set_name, stored)


def _find(cmdlet: Cmdlet, name: str, *, guarded: bool) -> Parameter:
    """The parameter meant by ``name``; ``guarded`` if the name may be part of a secret."""
    matches = cmdlet.matches(name)
    if len(matches) == 1:
        return matches[0]
    if matches:
        candidates = " or ".join(f"`-{row.name}`" for row in matches)
        raise UsageError(
            f"`-{name}` is ambiguous: it could be {candidates}", id="unknown-parameter"
        )
    instead = unsupported.hint_for(unsupported.PARAMETERS, name)
    if instead:
        raise UsageError(f"`-{name}` is not supported", id="parameter-not-supported", hint=instead)
    near = near_names(name, (spelling for row in cmdlet.all_parameters for spelling in row.names))
    if guarded:
        raise UsageError(
            f"{cmdlet.name} does not have the parameter that follows the secret",
            id="unknown-parameter",
            hint=did_you_mean(near, "-")
            if near
            else f"put a secret with spaces in single quotes; {_see_help(cmdlet)}",
        )
    shown = _without_secret(cmdlet, name, near)
    if holds_key(shown):
        raise UsageError(f"{cmdlet.name} has no such parameter", hint=_see_help(cmdlet))
    if shown != name:
        hint = f"put a space between a parameter and its value; {_see_help(cmdlet)}"
    else:
        hint = did_you_mean(near, "-") if near else _see_help(cmdlet)
    raise UsageError(
        f"{cmdlet.name} has no parameter `-{shown}`", id="unknown-parameter", hint=hint
    )


def may_be_secret(cmdlet: Cmdlet, name: str) -> bool:
    """Whether a secret may follow ``-name``: the parameter is secret or unknown."""
    matches = cmdlet.matches(name)
    return not matches or any(row.secret for row in matches)


def _without_secret(cmdlet: Cmdlet, name: str, near: Sequence[str]) -> str:
    """``name`` without what may be a secret joined to its parameter, as in ``-SKabc``."""
    if "=" in name:
        return f"{name.partition('=')[0]}..."
    secret = [spelling for row in cmdlet.parameters if row.secret for spelling in row.names]
    if near and near[0] not in secret:
        return name
    length = max((_common(spelling, name) for spelling in secret), default=0)
    if length < min(2, len(name)):  # a common prefix of one letter means nothing
        return name
    return name if len(name) <= length else f"{name[:length]}..."


def _common(one: str, other: str) -> int:
    """The length of the common prefix of two names."""
    same = (a == b for a, b in zip(one.lower(), other.lower(), strict=False))
    return sum(1 for _ in takewhile(bool, same))


def _taken(row: Parameter, item: Named, rest: list[Argument]) -> object:
    if row.kind == "switch":
        return True if item.value is None else item.value.value
    if item.value is not None:
        return _part(row, item.value)
    following = rest[0] if rest else None
    if not isinstance(following, Value):
        hint = f"write `-{row.name}:VALUE` if the value begins with a dash" if following else None
        raise UsageError(f"`-{row.name}` needs a value", id="invalid-parameter-value", hint=hint)
    del rest[0]
    return _part(row, following)


def _part(row: Parameter, value: Value) -> object:
    """The value; a list for a parameter of several values, split at commas."""
    text = value.value
    if row.kind == "strings" and isinstance(text, str) and not value.quoted and "," in text:
        return text.split(",")
    return text


def _place(cmdlet: Cmdlet, given: dict[str, _Row], positional: Sequence[Value]) -> None:
    """Binds positional values to the free positions in order; each narrows the parameter sets."""
    for value in positional:
        if isinstance(value.value, str) and value.value.startswith("--") and not value.quoted:
            raise UsageError(
                "a parameter of a cmdlet begins with one dash, not two",
                id="unknown-parameter",
                hint=_see_help(cmdlet),
            )
    sets = _candidates(cmdlet, given)
    for number, value in enumerate(positional):
        free = [
            row
            for row in cmdlet.parameters
            if row.position is not None and row.name not in given
            if fits_by_position(row, value.value) and any(map(row.in_set, sets))
        ]
        if not free:
            raise _without_place(cmdlet, number, positional)
        row = min(free, key=lambda row: row.position or 0)
        given[row.name] = (row, _part(row, value))
        sets = [name for name in sets if row.in_set(name)]


def _without_place(cmdlet: Cmdlet, placed: int, positional: Sequence[Value]) -> UsageError:
    """The error for positional values of which only the first ``placed`` could be bound."""
    if isinstance(positional[placed].value, Predicate):
        return UsageError(
            f"{cmdlet.name} does not accept a script block here",
            id="invalid-parameter-value",
            hint="give the name of a property; only Where-Object accepts script blocks",
        )
    what = f"{placed or 'no'} value{'' if placed == 1 else 's'}"
    return UsageError(
        f"{cmdlet.name} accepts {what} without a parameter name here, not {len(positional)}",
        hint="name the parameter of each value; put a value with spaces in quotes",
    )


def _place_piped(cmdlet: Cmdlet, given: dict[str, _Row], piped: Sequence[object]) -> None:
    """Binds piped input to the stream, to the parameter that accepts it, or by its properties."""
    stream = cmdlet.stream
    if stream is not None:
        if stream.name in given:
            raise UsageError(
                f"`-{stream.name}` is given twice, by its name and by the pipeline",
                id="conflicting-parameters",
            )
        given[stream.name] = (stream, list(piped))
        return
    (item,) = piped
    before = len(given)
    for row in cmdlet.parameters:
        if row.piped and fits_from_pipe(row, item) and _is_bindable(cmdlet, given, row):
            given[row.name] = (row, item)
            return
    for row in cmdlet.parameters:
        if not row.by_property or not _is_bindable(cmdlet, given, row):
            continue
        found = (own_property(item, name) for name in row.names)
        value = next((value for value in found if value is not None), None)
        if value is not None and fits_from_pipe(row, value):
            given[row.name] = (row, value)
    if len(given) == before:
        raise UsageError(
            f"{cmdlet.name} does not accept what is piped to it",
            id="pipeline-input-not-accepted",
            hint=f"no parameter accepts this object or one of its properties; {_see_help(cmdlet)}",
        )


def _is_bindable(cmdlet: Cmdlet, given: Mapping[str, _Row], row: Parameter) -> bool:
    """Whether ``row`` is free and shares a parameter set with what is given."""
    rows = [other for other, _ in given.values()]
    return row.name not in given and any(
        row.in_set(name) and all(other.in_set(name) for other in rows) for name in cmdlet.set_names
    )


def _candidates(cmdlet: Cmdlet, given: Mapping[str, _Row]) -> list[str | None]:
    """The sets that contain all given parameters, the default first."""
    fitting = [
        name for name in cmdlet.set_names if all(row.in_set(name) for row, _ in given.values())
    ]
    if fitting:
        return fitting
    raise _exclusive([row for row, _ in given.values() if row.sets is not None])


def _exclusive(rows: Sequence[Parameter]) -> UsageError:
    """The error for parameters without a common set; names two that exclude each other, if any."""
    pairs = combinations(rows, 2)
    apart = (pair for pair in pairs if not set(pair[0].sets or ()) & set(pair[1].sets or ()))
    clashing = next(apart, rows)
    names = " and ".join(f"`-{row.name}`" for row in clashing)
    homes = "; ".join(f"`-{row.name}` belongs to {_listed(row.sets or ())}" for row in clashing)
    return UsageError(
        f"{names} cannot be combined", hint=f"they are of different parameter sets: {homes}"
    )


def _choose(
    cmdlet: Cmdlet, given: Mapping[str, _Row], ask: Ask | None
) -> tuple[str | None, dict[str, _Row]]:
    """The parameter set, and the values asked for to complete it."""
    candidates = _candidates(cmdlet, given)
    lacking = {
        name: [row for row in cmdlet.parameters if row.mandatory_in(name) and row.name not in given]
        for name in candidates
    }
    complete = [name for name in candidates if not lacking[name]]
    if complete:
        if len(complete) == 1 or cmdlet.default_set in complete:
            return (complete[0] if len(complete) == 1 else cmdlet.default_set), {}
        raise UsageError(
            f"the parameters fit several parameter sets: {_listed(map(str, complete))}",
            id="conflicting-parameters",
            hint=_see_help(cmdlet),
        )
    if len(candidates) > 1 and cmdlet.default_set not in candidates:
        ways = "; or ".join(f"{_dashed(rows)} ({name})" for name, rows in lacking.items())
        raise UsageError(
            f"{cmdlet.name} needs more parameters", id="missing-parameter", hint=f"give {ways}"
        )
    chosen = candidates[0] if len(candidates) == 1 else cmdlet.default_set
    asked: dict[str, _Row] = {}
    for row in lacking[chosen]:
        value = ask(row) if ask else None
        if value is None:
            place = f" in the parameter set {chosen}" if len(cmdlet.set_names) > 1 else ""
            missing = [other for other in lacking[chosen] if other.name not in asked]
            raise UsageError(
                f"{cmdlet.name} requires {_dashed(missing)}{place}",
                hint=_see_help(cmdlet),
            )
        asked[row.name] = (row, value)
    return chosen, asked


def _dashed(rows: Sequence[Parameter]) -> str:
    return " and ".join(f"-{row.name}" for row in rows)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _see_help(cmdlet: Cmdlet) -> str:
    return f"`keystead help {cmdlet.name}` shows its parameters"
