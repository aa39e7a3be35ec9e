"""The PowerShell module: its files are PowerShell, and its functions are the cmdlets of the table.

Read by a grammar of PowerShell; no PowerShell runs here. It does in integration/test_powershell.py.
"""

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

import pytest

from keystead.powershell.cmdlet import CHANGING, COMMON, Cmdlet
from keystead.powershell.module.files import (
    ANY,
    MANIFEST,
    MARK,
    SCRIPT,
    VIEWS,
    cmdlets,
    files,
    of_powershell,
)
from keystead.powershell.module.functions import function, impact, plain, quoted, variable
from keystead.powershell.table import CMDLETS
from keystead.powershell.unsupported import OF_POWERSHELL
from tests.powershell import Function, functions, literal, literals, nodes, said, tree

pytestmark = pytest.mark.posix("a grammar of PowerShell, which is not among what Windows gets")

SERVICES = ["sts", "s3", "lambda", "stepfunctions"]
PROGRAM = "/opt/it's here/keystead"

# What the runtime uses of PowerShell itself.
AUTOMATIC = {"_", "null", "true", "false", "this", "PSBoundParameters", "PSCmdlet"}
CALLED = {
    *("Export-ModuleMember", "ForEach-Object", "Get-Command", "Register-ArgumentCompleter"),
    *("Select-Object", "Set-Alias", "Set-StrictMode", "Test-Path", "Update-TypeData"),
}


@pytest.fixture(scope="module")
def made() -> Mapping[str, bytes]:
    return files(SERVICES, PROGRAM)


@pytest.fixture(scope="module")
def found(made: Mapping[str, bytes]) -> dict[str, Function]:
    return {row.name: row for row in functions(tree(made[SCRIPT]))}


@pytest.mark.parametrize("name", [SCRIPT, MANIFEST])
def test_each_file_is_powershell_in_ascii(name: str, made: Mapping[str, bytes]) -> None:
    assert made[name].isascii()  # Windows PowerShell reads a file without a mark in its code page
    assert made[name].startswith(MARK.encode())
    tree(made[name])


def test_the_views_are_xml_in_ascii(made: Mapping[str, bytes]) -> None:
    assert made[VIEWS].isascii()
    assert MARK.encode() in made[VIEWS].splitlines()[1]
    assert ET.fromstring(made[VIEWS]).tag == "Configuration"


def test_every_cmdlet_is_a_function_or_a_builtin_of_powershell(found: dict[str, Function]) -> None:
    own = {name for name in found if "-Keystead" in name}
    table = {row.name for row in CMDLETS if not of_powershell(row)}
    assert table <= found.keys()
    assert found.keys() - own == {row.name for row in cmdlets(SERVICES)}
    assert {row.name for row in CMDLETS} - table == {
        *("ConvertTo-Json", "ForEach-Object", "Format-List", "Format-Table", "Get-Command"),
        *("Get-Content", "Get-Help", "Measure-Object", "Select-Object", "Sort-Object"),
        "Where-Object",
    }


def test_the_manifest_exports_what_is_there(
    made: Mapping[str, bytes], found: dict[str, Function]
) -> None:
    entries = {
        said(next(nodes(entry, "key_expression"))): literals(entry)
        for entry in nodes(tree(made[MANIFEST]), "hash_entry")
    }
    aliases = {alias for row in cmdlets(SERVICES) for alias in row.aliases}
    exported = set(entries["FunctionsToExport"])
    assert exported == {row.name for row in cmdlets(SERVICES)} | {ANY}
    assert exported <= found.keys()
    assert set(entries["AliasesToExport"]) == aliases
    assert entries["RootModule"] == [SCRIPT]
    script = tree(made[SCRIPT])
    export = [c for c in nodes(script, "command") if said(c).startswith("Export-ModuleMember")]
    assert set(literals(export[0])) == exported | aliases
    calls = (said(c) for c in nodes(script, "command"))
    rows = (re.findall(r"'([^']*)'", call) for call in calls if call.startswith("Set-Alias"))
    assert dict(rows) == {alias: row.name for row in cmdlets(SERVICES) for alias in row.aliases}


@pytest.mark.parametrize("cmdlet", cmdlets(["sts", "s3"]), ids=lambda row: row.name)
def test_a_function_declares_what_its_cmdlet_takes(cmdlet: Cmdlet) -> None:
    (one,) = functions(tree(function(cmdlet).encode()))
    assert one.name == cmdlet.name
    rows = [*cmdlet.parameters, *cmdlet.refused]
    assert [row.name for row in one.parameters] == [variable(row) for row in rows]
    assert one.documented == [variable(row) for row in cmdlet.parameters]
    default = one.binding.get("DefaultParameterSetName")
    assert (default and literal(default)) == cmdlet.default_set
    assert ("SupportsShouldProcess" in one.binding) == (cmdlet.changes is not None)
    for row, declared in zip(rows, one.parameters, strict=True):
        sets = {trait.set_name: trait.mandatory for trait in declared.traits}
        if row.secret:  # keystead asks for it, without an echo
            assert sets.keys() == ({None} if row.sets is None else row.sets.keys())
            assert not any(sets.values())
        else:
            assert sets == (row.sets if row.sets is not None else {None: False})
        assert {trait.position for trait in declared.traits} == {row.position}
        assert {trait.by_value for trait in declared.traits} == {row.piped}
        by_property = row.by_property and row.kind not in ("switch", "choice")
        assert {trait.by_property for trait in declared.traits} == {by_property}
        assert set(declared.aliases) | {declared.name} >= set(row.names)
        if row.kind == "choice":
            assert tuple(declared.values) == row.values


def test_no_two_parameters_of_a_function_clash(found: dict[str, Function]) -> None:
    common = {*OF_POWERSHELL, *(name for row in (*COMMON, *CHANGING) for name in row.names)}
    for row in cmdlets(SERVICES):
        names = [
            name.lower()
            for declared in found[row.name].parameters
            for name in (declared.name, *declared.aliases)
        ]
        assert len(names) == len(set(names)), row.name
        assert not {name.lower() for name in common} & set(names), row.name
        for set_name in row.set_names:
            places = [
                trait.position
                for declared in found[row.name].parameters
                for trait in declared.traits
                if trait.position is not None and trait.set_name in (None, set_name)
            ]
            assert len(places) == len(set(places)), (row.name, set_name)


@pytest.mark.parametrize(
    ("name", "taken"), [("Stop-SFNExecution", "Error"), ("Start-SFNExecution", "Input")]
)
def test_parameter_that_shadows_a_powershell_variable_has_an_alias(
    name: str, taken: str, found: dict[str, Function]
) -> None:
    (row,) = (row for row in found[name].parameters if row.name == f"{taken}_")
    assert row.aliases == [taken]


def test_removing_cmdlets_confirm_unless_forced(found: dict[str, Function]) -> None:
    high = {name for name, row in found.items() if row.binding.get("ConfirmImpact") == "'High'"}
    assert high == {row.name for row in cmdlets(SERVICES) if impact(row) == "High"}
    assert {"Remove-AWSCredentialProfile", "Remove-S3Bucket"} <= high
    assert "Clear-AWSCredential" not in high  # it asks by itself, where it removes a profile


def test_runtime_variables_do_not_clash_with_the_callers(found: dict[str, Function]) -> None:
    """A parameter of the calling function is visible in what it calls, EC2's -Protocol also."""
    for name, row in found.items():
        if "-Keystead" not in name:
            continue
        taken = {said(node)[1:] for node in nodes(row.node, "variable")}
        own = {said(node)[1:] for n in nodes(row.node, "script_parameter") for node in n.children}
        set_ = {
            said(v)[1:]
            for left in nodes(row.node, "left_assignment_expression")
            for v in nodes(left, "variable")
        }
        loops = {
            said(child)[1:]
            for loop in nodes(row.node, "foreach_statement")
            for child in loop.children
            if child.type == "variable"
        }
        free = {v for v in taken if ":" not in v} - own - set_ - loops - AUTOMATIC
        assert free == set(), name


def test_the_script_calls_nothing_unknown(
    made: Mapping[str, bytes], found: dict[str, Function]
) -> None:
    names = {said(node) for node in nodes(tree(made[SCRIPT]), "command_name")}
    plain_names = {name for name in names if re.fullmatch(r"[A-Z]\w+-\w+", name)}
    assert plain_names - CALLED - found.keys() == set()


def test_request_is_never_passed_as_an_argument(made: Mapping[str, bytes]) -> None:
    script = tree(made[SCRIPT])
    native = [said(node).strip() for node in nodes(script, "command") if said(node).startswith("&")]
    assert native == [
        (
            "& (Get-KeysteadProgram) __complete $commandName ('-' + $parameterName.TrimEnd('_')) "
            "$begun 2>$null"
        ),
    ]
    started = [line for line in made[SCRIPT].decode().splitlines() if "ProcessStartInfo" in line]
    assert len(started) == 1
    assert "(Get-KeysteadProgram), 'powershell-module --answer'" in started[0]


def test_no_secret_passes_through_a_command_or_parameter(made: Mapping[str, bytes]) -> None:
    """The class that carries it calls methods and one function, which takes nothing."""
    (carrier,) = nodes(tree(made[SCRIPT]), "class_statement")
    called = {said(node) for node in nodes(carrier, "command_name")}
    assert called == {"Get-KeysteadProgram"}


@pytest.mark.parametrize("text", ["it's", 'a $b `c"', "x\u2019y", "K\u00f6ln", "two\nlines", ""])
def test_literal_is_one_ascii_token_with_the_same_text(text: str) -> None:
    root = tree(f"$a = {quoted(text)}".encode("ascii"))
    assert literals(root) == [plain(text)]


@pytest.mark.parametrize("path", [PROGRAM, "/opt/K\u00f6ln/\U0001f511/keystead"])
def test_the_program_is_recorded_whatever_its_path(path: str) -> None:
    text = files([], path)[SCRIPT].decode("ascii")
    line = next(line for line in text.splitlines() if line.startswith("$Recorded = "))
    if path.isascii():
        assert line == "$Recorded = '/opt/it''s here/keystead'"
    else:
        units = [int(number) for number in re.findall(r"\d+", line)]
        assert b"".join(u.to_bytes(2, "big") for u in units).decode("utf-16-be") == path
