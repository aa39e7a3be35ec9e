"""The rows of the cmdlets that work on a pipeline's objects, for the table of cmdlets."""

from __future__ import annotations

from keystead.powershell.cmdlet import Cmdlet, Parameter
from keystead.powershell.pipeline import filtering, formatting

_INPUT = Parameter("InputObject", "what is piped here", kind="stream")
_PROPERTIES = Parameter(
    "Property",
    "names of properties; `*` stands for any letters",
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
    return Parameter(
        name,
        f"compare by -{name.lower()}",
        aliases=() if cased else (f"I{name}",),
        kind="switch",
        sets={set_name: name != "EQ"},
    )


def _switch(name: str, meaning: str) -> Parameter:
    return Parameter(name, meaning, kind="switch")


_REVEAL = _switch("Reveal", "show secrets in clear")

PIPELINE_CMDLETS = (
    Cmdlet(
        "Where-Object",
        "the objects that pass a test: Where-Object Name -eq x, or { $_.Name -eq 'x' }",
        (
            _INPUT,
            Parameter(
                "FilterScript",
                "the test in braces",
                kind="block",
                sets={_BLOCK: True},
                position=0,
            ),
            Parameter(
                "Property",
                "the property to look at",
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
            Parameter("Not", "those that do not have it", kind="switch", sets={"NotSet": True}),
        ),
        filtering.where_object,
        aliases=("Where", "?"),
        default_set="EqualSet",
    ),
    Cmdlet(
        "Select-Object",
        "some of the objects, with some of their properties",
        (
            _INPUT,
            _PROPERTIES,
            Parameter(
                "ExcludeProperty", "properties to leave out", kind="strings", values="property"
            ),
            Parameter("ExpandProperty", "the property whose value to put out", values="property"),
            _switch("Unique", "each only once"),
            Parameter("First", "so many from the start", kind="int"),
            Parameter("Last", "so many from the end", kind="int"),
            Parameter("Skip", "not the first so many", kind="int"),
        ),
        filtering.select_object,
        aliases=("Select",),
    ),
    Cmdlet(
        "Sort-Object",
        "the objects in order",
        (
            _INPUT,
            _PROPERTIES,
            _switch("Descending", "the last one first"),
            _switch("Unique", "each only once"),
            _switch("CaseSensitive", "tell letter cases apart"),
            Parameter("Top", "only so many from the start", kind="int", sets={"Top": True}),
            Parameter("Bottom", "only so many from the end", kind="int", sets={"Bottom": True}),
        ),
        filtering.sort_object,
        aliases=("Sort",),
        default_set="Default",
    ),
    Cmdlet(
        "Measure-Object",
        "how many objects, and figures of a property",
        (
            _INPUT,
            _PROPERTIES,
            _switch("Sum", "the sum"),
            _switch("Average", "the mean"),
            _switch("Maximum", "the greatest"),
            _switch("Minimum", "the least"),
            _switch("StandardDeviation", "how far they lie apart"),
            _switch("AllStats", "all of these"),
        ),
        filtering.measure_object,
        aliases=("Measure",),
    ),
    Cmdlet(
        "ForEach-Object",
        "a property of each object",
        (
            _INPUT,
            Parameter(
                "MemberName",
                "the property",
                sets={"Member": True},
                position=0,
                values="property",
            ),
        ),
        filtering.foreach_object,
        aliases=("ForEach", "%"),
    ),
    Cmdlet(
        "ConvertTo-Json",
        "the objects as JSON, secrets masked where it is shown",
        (
            _INPUT,
            Parameter("Depth", "how deep to go; else 2", kind="int"),
            _switch("Compress", "without blanks and line breaks"),
            _switch("AsArray", "an array also around a single object"),
            _REVEAL,
        ),
        formatting.convert_to_json,
    ),
    Cmdlet(
        "Format-Table",
        "a table, also for objects with many properties",
        (
            _INPUT,
            _PROPERTIES,
            _switch("AutoSize", "columns as wide as what is in them, which they always are"),
            _switch("Wrap", "nothing is cut off, which it never is"),
            _switch("HideTableHeaders", "without headings"),
            _REVEAL,
        ),
        formatting.format_table,
        aliases=("ft",),
    ),
    Cmdlet(
        "Format-List",
        "a line for each property",
        (_INPUT, _PROPERTIES, _REVEAL),
        formatting.format_list,
        aliases=("fl",),
    ),
)
