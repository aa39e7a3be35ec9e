"""Binding as in PowerShell: names, positions, sets, conversions, and errors without values."""

from dataclasses import replace

import pytest

from keystead.errors import UsageError
from keystead.powershell.cmdlet import Cmdlet, Parameter, Registry
from keystead.powershell.engine.binding import Bound, bind
from keystead.powershell.engine.help import help_text, reference, syntax
from keystead.powershell.language import from_argv, parse
from keystead.powershell.language.evaluation import arguments
from keystead.powershell.objects import AwsObject
from keystead.secret import MASK, Secret
from tests.canaries import SECRET_KEY

KEYS, ROLE, OBJECT = "Keys", "Role", "Object"

SET = Cmdlet(
    "Set-Thing",
    "saves a thing",
    (
        Parameter("AccessKey", "the id", aliases=("AK",), sets={KEYS: True}),
        Parameter("SecretKey", "the key", aliases=("SK",), sets={KEYS: True}, secret=True),
        Parameter("RoleArn", "the role", sets={ROLE: True}),
        Parameter("SourceProfile", "its source", sets={ROLE: True}, values="profile"),
        Parameter("Credential", "an object", kind="object", sets={OBJECT: True}),
        Parameter("StoreAs", "the name", sets={KEYS: False, ROLE: False}, position=1),
        Parameter("Location", "the file | folder", aliases=("ProfilesLocation",), position=2),
        Parameter("Seconds", "how long", kind="int"),
        Parameter("Force", "do not ask", kind="switch"),
    ),
    list,
    aliases=("Set-Things",),
)
GET = Cmdlet(
    "Get-Thing",
    "shows things",
    (
        Parameter("Name", "which", sets={"One": True}, position=1),
        Parameter("List", "all", kind="switch", sets={"All": True}),
        Parameter("Location", "where", sets={"One": False, "All": False}),
    ),
    list,
    default_set="Shell",
    deprecated="use Show-Thing",
)
PLAIN = Cmdlet("Show-Thing", "shows it", (), list)
TABLE = Registry((SET, GET, PLAIN))
THING = object()


def bound(line: str, **variables: object) -> Bound:
    (command,) = parse(line)
    return bind(TABLE.find(command.name), arguments(command, {"thing": THING, **variables}))


BINDS = {
    "set-thing -accesskey a -SECRETKEY b": (KEYS, {"AccessKey": "a", "SecretKey": Secret("b")}),
    "Set-Things -AK a -sk:b": (KEYS, {"AccessKey": "a", "SecretKey": Secret("b")}),
    "Set-Thing -Acc a -Secr b -F": (
        KEYS,
        {"AccessKey": "a", "SecretKey": Secret("b"), "Force": True},
    ),
    "Set-Thing n p -Role r -Sou s": (
        ROLE,
        {"RoleArn": "r", "SourceProfile": "s", "StoreAs": "n", "Location": "p"},
    ),
    "Set-Thing -Location p n -Role r -Sou s": (
        ROLE,
        {"RoleArn": "r", "SourceProfile": "s", "StoreAs": "n", "Location": "p"},
    ),
    "Set-Thing -Credential $thing p": (OBJECT, {"Credential": THING, "Location": "p"}),
    "Set-Thing -Cred $thing -Force:$false": (OBJECT, {"Credential": THING, "Force": False}),
    "Set-Thing -Cred $thing -Seconds 900": (OBJECT, {"Credential": THING, "Seconds": 900}),
    "Set-Thing -Cred $thing -Seconds -5": (OBJECT, {"Credential": THING, "Seconds": -5}),
    "Set-Thing -Cred $thing -Location $null": (OBJECT, {"Credential": THING}),
    "Get-Thing": ("Shell", {}),
    "Get-Thing x": ("One", {"Name": "x"}),
    "Get-Thing -List": ("All", {"List": True}),
    "Get-Thing x -Location y": ("One", {"Name": "x", "Location": "y"}),
    "Get-Thing '--x'": ("One", {"Name": "--x"}),
    "Get-Thing -Name --x": ("One", {"Name": "--x"}),
    "Show-Thing": (None, {}),
}


PIPED = Cmdlet(
    "Use-Thing",
    "uses one",
    (
        Parameter("Credential", "an object", kind="object", sets={OBJECT: True}, piped=True),
        Parameter("Name", "which", aliases=("ThingName",), sets={"One": True}, piped=True),
        Parameter("Names", "several", kind="strings"),
        Parameter("Color", "which", kind="choice", values=("Red", "Green")),
        Parameter("Test", "in braces", kind="block", position=0),
        Parameter("Place", "where", yields_to="Plan"),
        Parameter("Plan", "how"),
        Parameter("Count", "how many", kind="int"),
    ),
    list,
    default_set="One",
    changes=("Name",),
)
KEYS_OBJECT = AwsObject({"AccessKey": "a", "Name": "n"}, retrieve=lambda: None)
FROM_PIPE = {
    "a text": ("One", {"Name": "a text"}),
    "an object with credentials": (OBJECT, {"Credential": KEYS_OBJECT}),
    "a property": ("One", {"Name": "x", "Count": 5}),
    "the property of an alias": ("One", {"Name": "x", "Plan": "p"}),
    "an object that is a text": ("One", {"Name": "eu-west-1"}),
}
THINGS = {
    "a text": "a text",
    "an object with credentials": KEYS_OBJECT,
    "a property": AwsObject({"NAME": "x", "Count": 5, "Other": "y"}),
    "the property of an alias": {"ThingName": "x", "Plan": "p", "Names": None},
    "an object that is a text": AwsObject({"Region": "eu-west-1"}, text="eu-west-1"),
}


@pytest.mark.parametrize("what", FROM_PIPE)
def test_piped_objects_bind(what: str) -> None:
    made = bind(PIPED, (), piped=[THINGS[what]])
    assert (made.set_name, made.values) == FROM_PIPE[what]


def test_named_parameter_takes_precedence_over_piped_value() -> None:
    (command,) = parse("Use-Thing -Name given")
    made = bind(PIPED, arguments(command, {}), piped=[AwsObject({"Name": "x", "Count": 5})])
    assert made.values == {"Name": "given", "Count": 5}


@pytest.mark.parametrize("thing", [5.5, True, AwsObject({"Other": "x"}), ["a"], None])
def test_unused_input_is_refused(thing: object) -> None:
    with pytest.raises(UsageError, match="does not accept what is piped to it"):
        bind(PIPED, (), piped=[thing])


OF_KINDS = {
    "Use-Thing -Name x -Names a,b": {"Names": ["a", "b"]},
    "Use-Thing -Name x -Names a": {"Names": ["a"]},
    "Use-Thing -Name x -Names 'a,b'": {"Names": ["a,b"]},
    "Use-Thing -Name x -Color gREEN": {"Color": "Green"},
    "Use-Thing -Name x -Pla p": {"Plan": "p"},
    "Use-Thing -Name x -Plac p": {"Place": "p"},
    "Use-Thing -Name x -Verbose -wi -Confirm:$false": {
        "Verbose": True,
        "WhatIf": True,
        "Confirm": False,
    },
    "Use-Thing -Name x -ea ignore": {"ErrorAction": "Ignore"},
}


@pytest.mark.parametrize("line", OF_KINDS)
def test_values_are_converted_to_the_parameter_type(line: str) -> None:
    (command,) = parse(line)
    values = bind(PIPED, arguments(command, {})).values
    assert values == {"Name": "x", **OF_KINDS[line]}


NOT_OF_KIND = {
    "Use-Thing -Name a,b": "`-Name` takes one value, not an array",
    "Use-Thing -Name @{a=1}": "`-Name` takes text, not a hash table",
    "Use-Thing -Name { $_.A }": "`-Name` does not accept a script block",
    "Use-Thing -Name x -Test y": "`-Test` takes a comparison in braces",
    "Use-Thing -Name x y": "Use-Thing accepts no values without a parameter name here",
    "Use-Thing -Name x -Color blue": "`-Color` takes one of Red, Green",
    "Use-Thing -Name x -Names @{a=1}": "`-Names` takes text, not a hash table",
    "Get-Thing { $_.A }": "Get-Thing does not accept a script block here",
}


@pytest.mark.parametrize("line", NOT_OF_KIND)
def test_values_of_another_type_are_refused(line: str) -> None:
    (command,) = parse(line)
    cmdlet = GET if command.name == "Get-Thing" else PIPED
    with pytest.raises(UsageError) as caught:
        bind(cmdlet, arguments(command, {}))
    assert str(caught.value).startswith(NOT_OF_KIND[line])


def test_words_of_a_command_line_with_commas_are_several_values() -> None:
    command = from_argv(["Use-Thing", "-Name", "x,y", "-Names", "a,b"])
    values = bind(PIPED, arguments(command, {})).values
    assert values == {"Name": "x,y", "Names": ["a", "b"]}


@pytest.mark.parametrize("line", BINDS)
def test_line_binds(line: str) -> None:
    made = bound(line)
    assert (made.set_name, made.values) == BINDS[line]


def test_switch_takes_its_value_from_a_command_line() -> None:
    command = from_argv(["Get-Thing", "-List:$true"])
    assert bind(GET, arguments(command, {})).values == {"List": True}


def test_object_from_a_variable_is_passed_unchanged() -> None:
    assert bound("Set-Thing -Credential $thing").values["Credential"] is THING


REFUSED = {
    "Set-Thing -Nonsense x": (
        "Set-Thing has no parameter `-Nonsense`",
        "`keystead help Set-Thing`",
    ),
    "Set-Thing -StorAs x": ("Set-Thing has no parameter `-StorAs`", "did you mean `-StoreAs`"),
    "Set-Thing -S x": (
        "`-S` is ambiguous: it could be `-SecretKey` or `-SourceProfile` or `-StoreAs` or `-Seconds`",
        "",
    ),
    "Set-Thing -StoreAs x -storeas y": ("`-StoreAs` is given twice", ""),
    "Set-Thing -AccessKey": ("`-AccessKey` needs a value", ""),
    "Set-Thing -AccessKey -SecretKey x": ("`-AccessKey` needs a value", "write `-AccessKey:VALUE`"),
    "Set-Thing -AccessKey a": (
        "Set-Thing requires -SecretKey in the parameter set Keys",
        "",
    ),
    "Set-Thing -StoreAs a": (
        "Set-Thing needs more parameters",
        "give -AccessKey and -SecretKey (Keys); or -RoleArn and -SourceProfile (Role)",
    ),
    "Set-Thing -StoreAs a -Credential $thing": (
        "`-StoreAs` and `-Credential` cannot be combined",
        "`-StoreAs` belongs to Keys, Role; `-Credential` belongs to Object",
    ),
    "Get-Thing -List -Name x": ("`-List` and `-Name` cannot be combined", "belongs to All"),
    "Get-Thing a b": ("Get-Thing accepts 1 value without a parameter name here, not 2", "quotes"),
    "Get-Thing -List a": ("Get-Thing accepts no values without a parameter name here, not 1", ""),
    "Get-Thing --json": ("a parameter of a cmdlet begins with one dash, not two", ""),
    "Get-Thing -Name ''": ("`-Name` must not be empty", ""),
    "Get-Thing -Name $null": ("`-Name` must not be empty", ""),
    "Get-Thing -List:5": ("`-List` is a switch and takes $true or $false", ""),
    "Get-Thing -Name $thing": ("`-Name` takes text, not an object", ""),
    "Get-Thing -Name $secret": ("`-Name` is shown, and does not accept a secret", ""),
    "Set-Thing -Credential text": ("`-Credential` takes an object, not text", "$variable"),
    "Set-Thing -Credential $thing -Seconds 1.5": ("`-Seconds` must be a whole number", ""),
    "Set-Thing -Credential $thing -Seconds $true": ("`-Seconds` must be a whole number", ""),
    f"Set-Thing -AccessKey a -SecretKey {MASK}": (
        "`-SecretKey` is the mask of a secret, not the secret itself",
        "type the value itself",
    ),
}


@pytest.mark.parametrize("line", REFUSED)
def test_line_is_refused(line: str) -> None:
    with pytest.raises(UsageError) as caught:
        bound(line, secret=Secret("x"))
    message, hint = REFUSED[line]
    assert caught.value.message == message
    assert hint in (caught.value.hint or "")
    assert caught.value.exit_code == 2


def test_several_fitting_sets_without_a_default_are_refused() -> None:
    with pytest.raises(UsageError, match="fit several parameter sets: One, All"):
        rows = (Parameter("A", "", sets={"One": False}), Parameter("B", "", sets={"All": False}))
        bind(replace(PLAIN, parameters=rows), ())


LEAKY = [
    f"Set-Thing -SecretKey{SECRET_KEY}",
    f"Set-Thing -SK{SECRET_KEY}",
    f"Set-Thing -SecretKye {SECRET_KEY}",
    f"Set-Thing -SecretK{SECRET_KEY} x",
    f"Set-Thing a b {SECRET_KEY}",
    f"Set-Thing -Seconds {SECRET_KEY} -Credential $thing",
    f"Set-Thing -Force:{SECRET_KEY} -Credential $thing",
    f"Set-Thing -Credential {SECRET_KEY}",
    f"Set-Thing -SecretKey {SECRET_KEY} -SecretKey {SECRET_KEY}",
    f"Set-Thing -SecretKey {SECRET_KEY} -RoleArn x",
    f"Set-Thing -SecretKey {SECRET_KEY}",
    SECRET_KEY,
]


@pytest.mark.parametrize("line", LEAKY, ids=range(len(LEAKY)))
def test_no_error_shows_a_secret(line: str) -> None:
    with pytest.raises(UsageError) as caught:
        bound(line)
    assert SECRET_KEY[:12] not in f"{caught.value} {caught.value.hint} {caught.value!r}"


def test_parameter_name_joined_to_its_value_is_pointed_out() -> None:
    with pytest.raises(UsageError) as caught:
        bound(f"Set-Thing -SecretKey{SECRET_KEY}")
    assert caught.value.message == "Set-Thing has no parameter `-SecretKey...`"
    assert "put a space between" in (caught.value.hint or "")


def test_missing_mandatory_parameters_are_prompted_for() -> None:
    asked: list[str] = []

    def ask(row: Parameter) -> object:
        asked.append(row.name)
        return f"typed {row.name}"

    (command,) = parse("Set-Thing -StoreAs x -SecretKey s")
    made = bind(SET, arguments(command, {}), ask)
    assert asked == ["AccessKey"]
    assert made.values["AccessKey"] == "typed AccessKey"
    assert made.values["SecretKey"] == Secret("s")


def test_an_unanswered_question_is_a_missing_parameter() -> None:
    with pytest.raises(UsageError, match="requires -AccessKey"):
        bind(SET, arguments(parse("Set-Thing -SecretKey s")[0], {}), lambda _: None)


def test_bound_parameters_do_not_show_values() -> None:
    assert repr(bound("Get-Thing value")) == "Bound(set_name='One')"


def test_cmdlets_are_found_by_any_of_their_names() -> None:
    assert TABLE.find("SET-THINGS") is SET
    assert TABLE.get("Nonsense") is None
    assert list(TABLE) == [SET, GET, PLAIN]


def test_unknown_cmdlet_gets_similar_names() -> None:
    with pytest.raises(UsageError) as caught:
        TABLE.find("Get-Thingy")
    assert caught.value.message == "there is no cmdlet `Get-Thingy`"
    assert (caught.value.hint or "").startswith("did you mean `Get-Thing`")


def test_rows_that_contradict_themselves_are_refused() -> None:
    twice = (Parameter("A", ""), Parameter("B", "", aliases=("a",)))
    with pytest.raises(ValueError, match="two parameters named a"):
        replace(PLAIN, parameters=twice)
    with pytest.raises(ValueError, match="two cmdlets are named Show-Thing"):
        Registry((PLAIN, replace(GET, name="Show-Thing")))


def test_syntax_has_a_line_for_each_set() -> None:
    rest = "[[-Location] <string>]"
    tail = "[-Seconds <int>] [-Force]"
    assert syntax(SET) == [
        f"Set-Thing [[-StoreAs] <string>] {rest} -AccessKey <string> -SecretKey <string> {tail}",
        f"Set-Thing [[-StoreAs] <string>] {rest} -RoleArn <string> -SourceProfile <string> {tail}",
        f"Set-Thing {rest} -Credential <object> {tail}",
    ]
    assert syntax(GET)[:2] == ["Get-Thing", "Get-Thing [-Name] <string> [-Location <string>]"]
    assert syntax(PLAIN) == ["Show-Thing"]


def test_help_contains_the_whole_table() -> None:
    text = help_text(GET)
    assert text.startswith("Get-Thing\n    Shows things.\n    Deprecated: use Show-Thing.\n")
    assert "    -Name <string>\n        Which.\n        Sets: One (required)\n" in text
    assert "    -SecretKey <string>\n        The key.\n        Aliases: SK\n" in help_text(SET)


def test_reference_has_a_section_for_each_cmdlet() -> None:
    page = reference(TABLE)
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## Set-Thing",
        "## Get-Thing",
        "## Show-Thing",
    ]
    assert "| `-SecretKey <string>` | `-SK` | Keys (required) | the key |" in page
    assert "the file \\| folder" in page
    assert "Deprecated: use Show-Thing." in page
