"""Where-, Select-, Sort-, Measure- and ForEach-Object."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence

from keystead.errors import UsageError
from keystead.powershell.cmdlet import Cmdlet, Parameter, Values, switch
from keystead.powershell.engine.state import State
from keystead.powershell.language.comparison import compare, equal, sort_key, truth
from keystead.powershell.language.statements import OPERATORS
from keystead.powershell.objects import AwsObject, properties_of, property_of, spelled


def where_object(state: State, values: Values) -> Iterable[object]:
    """``Where-Object``: the objects that pass a test."""
    del state
    items, block = values["InputObject"], values.get("FilterScript")
    if block is not None:
        return [item for item in items if block.holds(item)]
    name, value, wanted = values["Property"], values.get("Value"), not values.get("Not")
    given = [name.lower() for name, value in values.items() if value is True]
    operator = next((name for name in given if name in OPERATORS), None)
    if operator is None and value is None:
        return [item for item in items if truth(property_of(item, name)) == wanted]
    return [
        item for item in items if truth(compare(operator or "eq", property_of(item, name), value))
    ]


def select_object(state: State, values: Values) -> Iterable[object]:
    """``Select-Object``: some of the objects, with some of their properties."""
    del state
    items: list[object] = list(values["InputObject"])
    skipped, first, last = (values.get(name) for name in ("Skip", "First", "Last"))
    if skipped:
        items = items[: max(len(items) - skipped, 0)] if last is not None else items[skipped:]
    if first is not None or last is not None:
        begin = items[: max(first or 0, 0)]
        rest = items[len(begin) :]
        items = [*begin, *(rest[max(len(rest) - last, 0) :] if last else [])]
    names = values.get("Property")
    if names or values.get("ExcludeProperty"):
        without = values.get("ExcludeProperty", [])
        items = [_with_properties(item, names or ["*"], without) for item in items]
    if values.get("ExpandProperty"):
        items = [found for item in items for found in _expanded(item, values["ExpandProperty"])]
    return _once(items) if values.get("Unique") else items


def sort_object(state: State, values: Values) -> Iterable[object]:
    """``Sort-Object``: the objects in order."""
    del state
    cased, names = bool(values.get("CaseSensitive")), values.get("Property") or []

    def key(item: object) -> list[tuple[int, float, str]]:
        found = [property_of(item, name) for name in names] if names else [item]
        return [sort_key(value, cased=cased) for value in found]

    items = sorted(values["InputObject"], key=key, reverse=bool(values.get("Descending")))
    if values.get("Unique"):
        items = [item for at, item in enumerate(items) if not at or key(item) != key(items[at - 1])]
    if values.get("Top") is not None:
        return items[: max(values["Top"], 0)]
    if values.get("Bottom") is not None:
        return items[max(len(items) - values["Bottom"], 0) :]
    return items


def measure_object(state: State, values: Values) -> Iterable[object]:
    """``Measure-Object``: the number of objects, and statistics of a property."""
    del state
    wanted = {name for name in _FIGURES if values.get(name) or values.get("AllStats")}
    found = [
        AwsObject(_figures(wanted, _measured(values["InputObject"], name), name))
        for name in values.get("Property") or [None]
    ]
    return found or ()


def foreach_object(state: State, values: Values) -> Iterable[object]:
    """``ForEach-Object``: a property of each object."""
    del state
    found = [property_of(item, values["MemberName"]) for item in values["InputObject"]]
    return [value for item in found for value in (item if isinstance(item, list) else [item])]


_FIGURES = ("Average", "Sum", "Maximum", "Minimum", "StandardDeviation")


def _measured(items: Sequence[object], name: str | None) -> list[object]:
    found = items if name is None else [property_of(item, name) for item in items]
    return [value for value in found if value is not None]


def _figures(wanted: set[str], found: Sequence[object], name: str | None) -> dict[str, object]:
    figures: dict[str, object] = {"Count": len(found), **dict.fromkeys(_FIGURES), "Property": name}
    if found and wanted & {"Average", "Sum", "StandardDeviation"}:
        import statistics  # slow to load

        numbers = [_number(value) for value in found]
        sums: dict[str, object] = {
            "Average": statistics.fmean(numbers),
            "Sum": sum(numbers),
            "StandardDeviation": statistics.stdev(numbers) if len(numbers) > 1 else 0,
        }
        figures |= {figure: value for figure, value in sums.items() if figure in wanted}
    if found and "Maximum" in wanted:
        figures["Maximum"] = max(found, key=sort_key)
    if found and "Minimum" in wanted:
        figures["Minimum"] = min(found, key=sort_key)
    return figures


def _number(value: object) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        return float(str(value))
    except ValueError:
        raise UsageError("one of the values is not a number") from None


def chosen(shown: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """The names that match ``patterns``, in their order; one without a wildcard is unchanged."""
    known, found = list(shown), dict[str, None]()
    for pattern in patterns:
        lowered = pattern.lower()
        if any(mark in pattern for mark in "*?["):
            fitting = [name for name in known if fnmatch.fnmatchcase(name.lower(), lowered)]
            found.update(dict.fromkeys(fitting))
        else:
            found[spelled(pattern, known) or pattern] = None
    return list(found)


def _with_properties(item: object, names: Sequence[str], without: Sequence[str]) -> AwsObject:
    shown = properties_of(item) or {}
    left_out = set(chosen(shown, without))
    wanted = [name for name in chosen(shown, names) if name not in left_out]
    return AwsObject({name: property_of(item, name) for name in wanted})


def _expanded(item: object, name: str) -> Sequence[object]:
    shown = properties_of(item)
    value = property_of(item, name)
    if value is None and (shown is None or spelled(name, list(shown)) is None):
        known = ", ".join(shown or ())
        raise UsageError(
            f"there is no property `{name}`",
            id="unknown-property",
            hint=f"the properties are {known}" if known else None,
        )
    return value if isinstance(value, list | tuple) else [value]


def _once(items: Iterable[object]) -> list[object]:
    """The items without duplicates: objects by their properties, others by their value."""
    found: list[object] = []
    for item in items:
        shown = properties_of(item)
        known = (
            (properties_of(other) == shown for other in found)
            if shown is not None
            else (equal(other, item, cased=True) for other in found)
        )
        if not any(known):
            found.append(item)
    return found


INPUT = Parameter("InputObject", "the piped objects", kind="stream")
PROPERTIES = Parameter(
    "Property",
    "names of properties; `*` matches any characters",
    kind="strings",
    position=0,
    values="property",
)
_BLOCK = "ScriptBlockSet"

# The operators with the parameter sets that PowerShell names after them.
_SETS = {
    "EQ": "Equal",
    "NE": "NotEqual",
    "GT": "GreaterThan",
    "GE": "GreaterOrEqual",
    "LT": "LessThan",
    "LE": "LessOrEqual",
    "Like": "Like",
    "NotLike": "NotLike",
    "Match": "Match",
    "NotMatch": "NotMatch",
    "Contains": "Contains",
    "NotContains": "NotContains",
    "In": "In",
    "NotIn": "NotIn",
}
_OPERATORS = {
    f"{case}{name}": f"{'CaseSensitive' if case else ''}{meaning}Set"
    for name, meaning in _SETS.items()
    for case in ("", "C")
}


def _operator(name: str, set_name: str) -> Parameter:
    cased = name.startswith("C") and name != "Contains"
    return switch(
        name,
        f"compare by -{name.lower()}",
        aliases=() if cased else (f"I{name}",),
        sets={set_name: name != "EQ"},
    )


CMDLETS = (
    Cmdlet(
        "Where-Object",
        "the objects that pass a test: Where-Object Name -eq x, or { $_.Name -eq 'x' }",
        (
            INPUT,
            Parameter(
                "FilterScript",
                "the test in braces",
                kind="block",
                sets={_BLOCK: True},
                position=0,
            ),
            Parameter(
                "Property",
                "the property to test",
                sets={**dict.fromkeys(_OPERATORS.values(), True), "NotSet": True},
                position=0,
                values="property",
            ),
            Parameter(
                "Value",
                "what to compare it with",
                kind="any",
                sets=dict.fromkeys(_OPERATORS.values(), False),
                position=1,
            ),
            *(_operator(name, set_name) for name, set_name in _OPERATORS.items()),
            switch("Not", "the objects that fail the test", sets={"NotSet": True}),
        ),
        where_object,
        aliases=("Where", "?"),
        default_set="EqualSet",
    ),
    Cmdlet(
        "Select-Object",
        "some of the objects, with some of their properties",
        (
            INPUT,
            PROPERTIES,
            Parameter(
                "ExcludeProperty", "properties to leave out", kind="strings", values="property"
            ),
            Parameter("ExpandProperty", "the property whose value to output", values="property"),
            switch("Unique", "without duplicates"),
            Parameter("First", "this many from the start", kind="int"),
            Parameter("Last", "this many from the end", kind="int"),
            Parameter("Skip", "skip this many at the start", kind="int"),
        ),
        select_object,
        aliases=("Select",),
    ),
    Cmdlet(
        "Sort-Object",
        "the objects in order",
        (
            INPUT,
            PROPERTIES,
            switch("Descending", "in descending order"),
            switch("Unique", "without duplicates"),
            switch("CaseSensitive", "distinguish upper and lower case"),
            Parameter("Top", "only this many from the start", kind="int", sets={"Top": True}),
            Parameter("Bottom", "only this many from the end", kind="int", sets={"Bottom": True}),
        ),
        sort_object,
        aliases=("Sort",),
        default_set="Default",
    ),
    Cmdlet(
        "Measure-Object",
        "the number of objects, and statistics of a property",
        (
            INPUT,
            PROPERTIES,
            switch("Sum", "the sum"),
            switch("Average", "the mean"),
            switch("Maximum", "the greatest"),
            switch("Minimum", "the least"),
            switch("StandardDeviation", "the standard deviation"),
            switch("AllStats", "all of these"),
        ),
        measure_object,
        aliases=("Measure",),
    ),
    Cmdlet(
        "ForEach-Object",
        "a property of each object",
        (
            INPUT,
            Parameter(
                "MemberName",
                "the property",
                sets={"Member": True},
                position=0,
                values="property",
            ),
        ),
        foreach_object,
        aliases=("ForEach", "%"),
    ),
)
