"""Comparisons of `Where-Object` blocks against a real PowerShell: alike, or refused here.

One PowerShell judges all generated cases: objects with texts, numbers, nothing, lists, lists of lists
and lists of objects, under every operator.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from devtools.command import run
from keystead.errors import UsageError
from keystead.powershell.language import parse
from keystead.powershell.language.evaluation import evaluate
from keystead.powershell.language.statements import OPERATORS
from keystead.powershell.objects import AwsObject

CASES = 1500
SCALARS: list[Any] = [
    *(None, True, False, 0, 1, -1, 5, 10, 1.5, -2.5),
    *("", "a", "A", "b", "Keep", "keep-it", "1", "10", "x5", "True", "a b"),
]
PATHS = [
    *("A", "B", "List", "Nested", "Rows", "Missing"),
    *("Rows.K", "Rows.V", "Rows.Tags", "Rows.Tags.K", "Rows.Tags.V", "Rows.Missing", "Deep.K"),
    *("A.Count", "List.Count", "List.Length", "Nested.Count", "Rows.Count", "Rows.K.Count"),
    *("List.K", "Nested.K", "Nested.Length", "A.K", "List.K.Count", "Deep.K.Count", "Deep.V"),
    *("Rows.Tags.K.Count", "Missing.Count", "Rows.Missing.Count", "B.Length"),
]
JUDGE = """
param([string] $Cases, [string] $Result)
$ErrorActionPreference = 'Stop'
$found = foreach ($case in (Get-Content -LiteralPath $Cases -Raw | ConvertFrom-Json)) {
    $item = $case.item
    try {
        $passes = $false
        Where-Object -InputObject $item -FilterScript ([scriptblock]::Create($case.block)) | ForEach-Object { $passes = $true }
        $passes
    }
    catch { 'error' }
}
ConvertTo-Json -InputObject @($found) -Compress | Set-Content -LiteralPath $Result
"""


def scalar(dice: random.Random) -> Any:
    return dice.choice(SCALARS)


def items(dice: random.Random, make: Any) -> list[Any]:
    return [make(dice) for _ in range(dice.choice([0, 1, 1, 2, 3]))]


def tag(dice: random.Random) -> dict[str, Any]:
    made = {"K": scalar(dice), "V": dice.choice([scalar(dice), items(dice, scalar)])}
    return {name: made[name] for name in made if dice.random() > 0.15}


def row(dice: random.Random) -> dict[str, Any]:
    return {**tag(dice), "Tags": items(dice, tag)}


def thing(dice: random.Random) -> dict[str, Any]:
    return {
        "A": scalar(dice),
        "B": scalar(dice),
        "List": items(dice, scalar),
        "Nested": items(dice, lambda more: items(more, scalar)),
        "Rows": items(dice, row),
        "Deep": items(dice, lambda more: items(more, tag)),
    }


def literal(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return f"${'null' if value is None else str(value).lower()}"
    return f"'{value}'" if isinstance(value, str) else str(value)


def operand(dice: random.Random) -> str:
    kind = dice.random()
    if kind < 0.55:
        return f"$_.{dice.choice(PATHS)}"
    if kind < 0.9:
        return literal(scalar(dice))
    return ", ".join(literal(scalar(dice)) for _ in range(2))


def comparison(dice: random.Random) -> str:
    left = f"$_.{dice.choice(PATHS)}" if dice.random() < 0.85 else operand(dice)
    if dice.random() < 0.1:
        return left
    return f"{left} -{dice.choice(OPERATORS)} {operand(dice)}"


def block(dice: random.Random) -> str:
    made = comparison(dice)
    if dice.random() < 0.2:
        made = f"-not ({made})"
    if dice.random() < 0.2:
        made = f"({made}) -{dice.choice(['and', 'or', 'xor'])} ({comparison(dice)})"
    return made


def objects(value: Any) -> Any:
    if isinstance(value, dict):
        return AwsObject({name: objects(item) for name, item in value.items()})
    return [objects(item) for item in value] if isinstance(value, list) else value


def ours(item: Any, text: str) -> bool | str:
    (statement,) = parse(f"$x | Where-Object {{ {text} }}")
    test = evaluate(statement.rest[0].words[0], {})  # type: ignore[union-attr, arg-type]
    try:
        return test.holds(objects(item))  # type: ignore[attr-defined]
    except UsageError:
        return "refused"


@pytest.mark.needs("pwsh")
def test_every_comparison_is_as_in_powershell_or_refused(tmp_path: Path) -> None:
    dice = random.Random(14)
    cases = [{"item": thing(dice), "block": block(dice)} for _ in range(CASES)]
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    (tmp_path / "judge.ps1").write_text(JUDGE)
    script = [str(tmp_path / name) for name in ("judge.ps1", "cases.json", "result.json")]
    done = run(
        ["pwsh", "-NoProfile", "-NonInteractive", "-File", *script],
        environ={**os.environ, "POWERSHELL_TELEMETRY_OPTOUT": "1"},
        cwd=tmp_path,
        seconds=200.0,
    )
    assert done.code == 0, done.stderr
    theirs = json.loads((tmp_path / "result.json").read_text())
    mine = [ours(case["item"], str(case["block"])) for case in cases]
    wrong = [
        f"{case['block']}\n    of {json.dumps(case['item'])}\n    is {their}, not {our}"
        for case, their, our in zip(cases, theirs, mine, strict=True)
        if our not in (their, "refused")
    ]
    assert not wrong, f"{len(wrong)} of {CASES}:\n" + "\n".join(wrong[:12])
    assert mine.count("refused") < CASES / 6
