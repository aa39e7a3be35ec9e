"""Every operation of every service that botocore knows has a cmdlet, by the rules of PowerShell."""

import re
from collections import Counter
from datetime import UTC
from pathlib import Path

import pytest

from keystead.powershell.cmdlet import CHANGING, COMMON, Registry
from keystead.powershell.engine.binding import bind
from keystead.powershell.engine.help import help_text
from keystead.powershell.language.evaluation import Named, Value
from keystead.powershell.services.conversion import Context
from keystead.powershell.services.dynamic_cmdlets import cmdlet_of
from keystead.powershell.services.folders import service_names
from keystead.powershell.services.model import Shape, find_operation, service
from keystead.powershell.services.name_overrides import NAMES
from keystead.powershell.services.naming import _ways, by_rule, cmdlet_names, singular
from keystead.powershell.services.parameters import FORCE, SERVICE_PARAMETERS, request_of
from keystead.powershell.services.prefixes import WELL_KNOWN, prefix_of, services_of
from keystead.powershell.services.response import chosen, select
from keystead.powershell.services.verbs import APPROVED
from keystead.powershell.shell.masking import mask_line
from keystead.powershell.table import CMDLETS
from keystead.secret import MASK
from tests.effort import amount

CONTEXT = Context(lambda path: b"", UTC)
KNOWN = Path(__file__).parent.parent / "cases" / "cmdlets" / "names.txt"


def known() -> list[tuple[str, str, str]]:
    lines = KNOWN.read_text().splitlines()
    return [tuple(line.split()) for line in lines if line and not line.startswith("#")]


SERVICES = sorted({*service_names()[:: amount(short=8, full=1)], *(row[0] for row in known())})


def test_well_known_cmdlets_have_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    rows = known()
    operations: dict[str, list[str]] = {}
    for name in {row[0] for row in rows}:
        operations[name] = [row.name for row in service(name).operations.values()]
    by_rules = {n: by_rule(n, prefix_of(n), rows) for n, rows in operations.items()}
    with_table = {
        n: cmdlet_names(n, prefix_of(n), rows, NAMES.get(n, {})) for n, rows in operations.items()
    }
    assert [(s, o, with_table[s][o]) for s, o, c in rows if with_table[s][o] != c] == []
    right = sum(by_rules[s][o] == c for s, o, c in rows)
    with capsys.disabled():
        print(
            f"\n{right} of {len(rows)} well-known cmdlet names by rule alone: {right / len(rows):.1%}"
        )
    assert len(rows) >= 150
    assert len(operations) >= 15
    assert right / len(rows) > 0.8


@pytest.mark.parametrize("name", SERVICES)
def test_every_operation_has_one_cmdlet_with_help(name: str) -> None:
    found = service(name)
    model = found._model["operations"]
    operations = found.operations
    assert {row.name for row in operations.values()} == set(model)
    assert all(key == row.cmdlet.lower() for key, row in operations.items())
    for operation in operations.values():
        verb, _, noun = operation.cmdlet.partition("-")
        assert verb in APPROVED
        assert noun.startswith(prefix_of(name))
        assert noun.isalnum()
        text = help_text(cmdlet_of(operation))
        assert text.startswith(operation.cmdlet)
        assert f"    {operation.cmdlet} " in text
        path = chosen(operation)
        assert path == "*" or select(operation.output, {}, path)


def test_a_cmdlet_is_found_by_its_name_alone() -> None:
    taken: Counter[str] = Counter(row.name.lower() for row in CMDLETS)
    for name in service_names():
        taken.update(service(name).operations.keys() - taken.keys())
    twice = [name for name, times in taken.items() if times > 1]
    assert twice == []
    for name in (
        "s3",
        "s3control",
        "ec2",
        "ec2-instance-connect",
        "sso",
        "sso-admin",
        "elasticache",
    ):
        for operation in service(name).operations.values():
            assert find_operation(operation.cmdlet.upper()) == operation


def test_prefixes_are_unlike_each_other_and_belong_to_services() -> None:
    prefixes = Counter(prefix_of(name).lower() for name in service_names())
    assert [prefix for prefix, times in prefixes.items() if times > 1] == []
    assert WELL_KNOWN.keys() - set(service_names()) == set()


def test_a_prefix_that_begins_another_does_not_hide_it() -> None:
    assert services_of("S3Object", ["s3", "s3outposts", "sts"]) == ["s3", "s3outposts"]
    assert services_of("ec2instance", ["ec2", "elasticache"]) == ["ec2", "elasticache"]
    assert services_of("Content", ["s3"]) == []


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("AccessKeys", "AccessKey"),
        ("Policies", "Policy"),
        ("Addresses", "Address"),
        ("Statuses", "Status"),
        ("Analyses", "Analysis"),
        ("Databases", "Database"),
        ("Aliases", "Alias"),
        ("Batches", "Batch"),
        ("DBInstances", "DBInstance"),
        ("InstanceStatus", "InstanceStatus"),
        ("AccountAccess", "AccountAccess"),
        ("Kinesis", "Kinesis"),
        ("VPCs", "VPC"),
        ("DNSSEC", "DNSSEC"),
        ("", ""),
    ],
)
def test_singular(plural: str, one: str) -> None:
    assert singular(plural) == one


DELETES = re.compile(r"(?:Batch)?(?:Delete|Terminate|Remove|Purge|Destroy)[A-Z]")


@pytest.mark.parametrize("name", service_names())
def test_deleting_operations_have_unambiguous_names(name: str) -> None:
    """Which of them has the name is a fact of the AWS Tools; a guess would delete something else."""
    found = service(name)
    wanted: dict[str, list[str]] = {}
    for operation in filter(DELETES.match, found._model["operations"]):
        first = next(iter(_ways(name, found.prefix, operation)))
        wanted.setdefault(first.lower(), []).append(operation)
    settled = NAMES.get(name, {})
    assert [
        operations
        for operations in wanted.values()
        if len(operations) > 1 and len(settled.keys() & set(operations)) < 1
    ] == []


@pytest.mark.parametrize("name", SERVICES)
def test_no_switch_of_the_cmdlet_is_a_member_of_the_request(name: str) -> None:
    """What silences a question, previews or names the account stays with keystead."""
    for operation in service(name).operations.values():
        cmdlet = cmdlet_of(operation)
        shape = operation.input
        members = shape.members if shape is not None else {}
        fields = cmdlet.function.args[1]
        reached = {field.place[0]: field.parameter for field in fields if len(field.place) == 1}
        assert reached.keys() == members.keys(), operation.cmdlet
        own = {row.name for row in (*COMMON, *CHANGING, *SERVICE_PARAMETERS, FORCE)}
        assert not own & {field.parameter.name for field in fields}, operation.cmdlet
        force = [row for row in cmdlet.matches("Force") if row.name == "Force"]
        if cmdlet.changes is not None:
            assert force == [FORCE], operation.cmdlet
            silent = (Named("Force"), Named("Confirm", Value(False)), Named("WhatIf"))
            bound = bind(cmdlet, silent, lambda row: "x")
            given = {name: bound.values[name] for name in ("Force", "Confirm", "WhatIf")}
            assert given == {"Force": True, "Confirm": False, "WhatIf": True}
            assert request_of(fields, given, CONTEXT) == {}, operation.cmdlet
        if "Force" in members or "force" in members:
            assert reached[next(m for m in members if m.lower() == "force")].name != "Force"


TELLS = re.compile(r"secret|password|passphrase|token|payload|credential|plaintext", re.IGNORECASE)


def deep(shape: Shape, above: tuple[str, ...] = ()) -> bool:
    """Whether the model calls anything in it sensitive."""
    if shape.traits.get("sensitive"):
        return True
    if shape.name in above:
        return False
    inner = [*shape.members.values()] if shape.kind == "structure" else []
    inner += [shape.element] if shape.kind in ("list", "map") else []
    return any(deep(row, (*above, shape.name)) for row in inner)


@pytest.mark.parametrize("name", SERVICES)
def test_history_stores_no_secret_parameter(name: str) -> None:
    """What the model calls sensitive, at any depth, and texts with a telling name."""
    for operation in service(name).operations.values():
        cmdlet = cmdlet_of(operation)
        for field in cmdlet.function.args[1]:
            tells = field.shape.kind in ("string", "blob") and TELLS.search(field.place[-1])
            if tells or deep(field.shape):
                line = f"{operation.cmdlet} -{field.parameter.name} 'x y z'"
                kept = mask_line(line, Registry((cmdlet,)))
                shown = f"{operation.cmdlet} -{field.parameter.name} {MASK}"
                assert kept in (shown, None), line  # None: a name as long as a key
