"""Cmdlet lines: what each piece of text is read as, and what is refused by which name."""

import pytest

from keystead.errors import UsageError
from keystead.powershell.cmdlet import Cmdlet, Parameter, Registry
from keystead.powershell.language import from_argv, is_incomplete, parse, value_of
from keystead.powershell.language.evaluation import Named, Value, arguments, evaluate
from keystead.powershell.language.statements import (
    Array,
    Assignment,
    Block,
    Chain,
    Command,
    Display,
    Hash,
    Member,
    Negation,
    Number,
    ParameterWord,
    Pipeline,
    Template,
    Variable,
    Word,
)
from keystead.powershell.language.tokens import quote
from keystead.powershell.objects import AwsObject
from keystead.powershell.shell.masking import mask_line
from keystead.secret import MASK, Secret
from tests.canaries import SECRET_KEY, SESSION_TOKEN


def get_x(*words: object, line: int = 1) -> Command:
    return Command("Get-X", words, line)


P = ParameterWord
Q = {"quoted": True}
C = Variable("c")
ITEM = Variable("_")

READS = {
    # words
    "Get-X": [get_x()],
    "Get-X one two": [get_x(Word("one"), Word("two"))],
    "Get-X -Name value": [get_x(P("Name"), Word("value"))],
    "Get-X -Name:value": [get_x(P("Name", Word("value")))],
    "Get-X -Name: value": [get_x(P("Name", Word("value")))],
    "Get-X -Name:-value": [get_x(P("Name", Word("-value")))],
    "Get-X -Force:$false": [get_x(P("Force", Variable("false")))],
    "Get-X \u2013Name value": [get_x(P("Name"), Word("value"))],
    "Get-X\u00a0-Name\u00a0value": [get_x(P("Name"), Word("value"))],
    "Get-X -5 -.5 - --": [get_x(Word("-5"), Word("-.5"), Word("-"), Word("--"))],
    "Get-X '-Name' \"-Name\"": [get_x(Word("-Name", **Q), Word("-Name", **Q))],
    r"Get-X C:\Users\auser\.aws\credentials": [get_x(Word(r"C:\Users\auser\.aws\credentials"))],
    "Get-X arn:aws:iam::1:role/a+b=c,".rstrip(","): [get_x(Word("arn:aws:iam::1:role/a+b=c"))],
    "Get-X a#b x@y ~/z [1] 50%": [
        get_x(Word("a#b"), Word("x@y"), Word("~/z"), Word("[1]"), Word("50%"))
    ],
    # quotes
    "Get-X 'it''s' '' \"\"": [get_x(Word("it's", **Q), Word("", **Q), Word("", **Q))],
    "Get-X '$c `n \"'": [get_x(Word('$c `n "', **Q))],
    'Get-X "say ""hi"" `"there`""': [get_x(Word('say "hi" "there"', **Q))],
    'Get-X "a`tb`nc`0`e`u{1F600}`$c`q"': [get_x(Word("a\tb\nc\0\x1b\U0001f600$cq", **Q))],
    "Get-X \u2018a\u2019 \u201cb\u201d": [get_x(Word("a", **Q), Word("b", **Q))],
    "Get-X 'two\nlines'": [get_x(Word("two\nlines", **Q))],
    'Get-X a"b c"d`;e': [get_x(Word("ab cd;e"))],
    # variables
    "Get-X $c ${c}": [get_x(C, C)],
    'Get-X "$c-x" "${c}x" "$ 5$"': [
        get_x(Template((C, "-x")), Template((C, "x")), Word("$ 5$", **Q))
    ],
    r"Get-X $c\x a$c $": [get_x(Template((C, r"\x")), Template(("a", C)), Word("$"))],
    'Get-X "$c.Name"': [get_x(Template((C, ".Name")))],
    "$c": [Display(C, 1)],
    "'text'": [Display(Word("text", **Q), 1)],
    "$c = Get-X -A b": [Assignment("c", get_x(P("A"), Word("b")), 1)],
    "$c='text'": [Assignment("c", Word("text", **Q), 1)],
    "$c = $d": [Assignment("c", Variable("d"), 1)],
    "$c = 900": [Assignment("c", Number(900), 1)],
    "$c = -1.5": [Assignment("c", Number(-1.5), 1)],
    "$c =\n\nGet-X": [Assignment("c", get_x(line=3), 1)],
    # properties, arrays, hash tables
    "Get-X $c.Key -A:$c.B.C": [get_x(Member(C, ("Key",)), P("A", Member(C, ("B", "C"))))],
    "$c.Key": [Display(Member(C, ("Key",)), 1)],
    "$c = $c.Key": [Assignment("c", Member(C, ("Key",)), 1)],
    "Get-X a,b": [get_x(Array((Word("a"), Word("b"))))],
    "Get-X -A 'a' , $c,\n 5 b": [get_x(P("A"), Array((Word("a", **Q), C, Word("5"))), Word("b"))],
    "$c = 1, 'b'": [Assignment("c", Array((Number(1), Word("b", **Q))), 1)],
    "Get-X @{}": [get_x(Hash(()))],
    "Get-X @{a=1; 'b c' = 'x','y'\n d-e = @{ f = $c.Key }}": [
        get_x(
            Hash(
                (
                    ("a", Number(1)),
                    ("b c", Array((Word("x", **Q), Word("y", **Q)))),
                    ("d-e", Hash((("f", Member(C, ("Key",))),))),
                )
            )
        )
    ],
    # pipelines
    "Get-X | Get-X a": [Pipeline(get_x(), (get_x(Word("a")),), 1)],
    "Get-X |\n # why\n Get-X": [Pipeline(get_x(), (get_x(line=3),), 1)],
    "Get-X\n  | Get-X": [Pipeline(get_x(), (get_x(line=2),), 1)],
    "PS > Get-X |\n>> Get-X": [Pipeline(get_x(), (get_x(line=2),), 1)],
    "$c | Get-X; 'a' | Get-X": [
        Pipeline(C, (get_x(),), 1),
        Pipeline(Word("a", **Q), (get_x(),), 1),
    ],
    "$c = Get-X | % Name": [
        Assignment("c", Pipeline(get_x(), (Command("%", (Word("Name"),), 1),), 1), 1)
    ],
    "Get-X { $_.A.B -CEQ 'x' }": [
        get_x(Block(Chain(Member(ITEM, ("A", "B")), (("ceq", Word("x", **Q)),))))
    ],
    "Get-X {$_ -in 1,2}": [get_x(Block(Chain(ITEM, (("in", Array((Number(1), Number(2)))),))))],
    "Get-X { $PSItem.A }": [get_x(Block(Member(Variable("PSItem"), ("A",))))],
    # `-not` before comparisons, those before `-and` and `-or`, which are equals
    "Get-X { -not $_ -eq 1 -and !$c -or $c }": [
        get_x(
            Block(
                Chain(
                    Chain(Negation(ITEM), (("eq", Number(1)),)),
                    (("and", Negation(C)), ("or", C)),
                )
            )
        )
    ],
    "Get-X {\n $_ -eq 1 \u2013AND\n ( $c -or $_ ) }": [
        get_x(
            Block(Chain(Chain(ITEM, (("eq", Number(1)),)), (("and", Chain(C, (("or", ITEM),))),)))
        )
    ],
    # numbers and here-strings
    "$c = 10kb, 1.5MB, 0x1F, -.5": [
        Assignment("c", Array((Number(10240), Number(1572864.0), Number(31), Number(-0.5))), 1)
    ],
    "Get-X @'\nit's $c\n 'x'\n'@ a": [get_x(Word("it's $c\n 'x'", **Q), Word("a"))],
    'Get-X -A @"\r\nsay "$c" `$c\r\n"@': [get_x(P("A"), Template(('say "', C, '" ', "$", "c")))],
    "$c = @'\n'@": [Assignment("c", Word("", **Q), 1)],
    # statements, comments, continuation
    "": [],
    " \n;\n\t;; # nothing\n": [],
    "Get-X; Get-X\nGet-X\r\nGet-X\rGet-X": [get_x(line=n) for n in (1, 1, 2, 3, 4)],
    "Get-X # it's a comment\n<# more\n #> Get-X a <# in between #> b": [
        get_x(),
        get_x(Word("a"), Word("b"), line=3),
    ],
    "Get-X `\n  -A `\r\n b": [get_x(P("A"), Word("b"))],
    "Get-X a`\n-B": [get_x(Word("a"), P("B"))],
    # pasted prompts
    "PS > Get-X": [get_x()],
    "PS>Get-X": [get_x()],
    "PS C:\\Program Files\\x> Get-X": [get_x()],
    "PS /home/x> Get-X": [get_x()],
    "PS >\nGet-X -A\n": [get_x(P("A"), line=2)],
    "PS > PS > Get-X": [get_x()],
    "PS > Get-X `\n>> -A `\n>> b": [get_x(P("A"), Word("b"))],
    "PS > Get-X\nPS > $c\n>> ": [get_x(), Display(C, 2)],
}


@pytest.mark.parametrize("text", READS)
def test_text_parses_as(text: str) -> None:
    assert parse(text) == tuple(READS[text])


REFUSED = {
    "| Get-X": (1, "a bar without a cmdlet before it (`|`)"),
    "Get-X || Get-Y": (1, "a chain of pipelines (`||`)"),
    "Get-X\nGet-X && Get-Y": (2, "a chain of pipelines (`&&`)"),
    "& Get-X": (1, "the call operator (`&`)"),
    ". ./x.ps1": (1, "a script or the property of a text (`.`)"),
    "Get-X > file": (1, "redirection (`>`)"),
    "Get-X 2>file": (1, "redirection (`>`)"),
    "Get-X < file": (1, "redirection (`<`)"),
    "Get-X `\n `\n @(1)": (3, "an array (`@(`)"),
    "Get-X @c": (1, "splatting (`@`)"),
    "Get-X ,b": (1, "a comma here (`,`)"),
    "Get-X $c.Key.Trim()": (1, "a method call"),
    "$c.Items[0]": (1, "a type or an index (`[`)"),
    "Get-X | Where-Object { $_.A -is 'x' }": (1, "the operator `-is` in a script block"),
    "Get-X (Get-Y)": (1, "an expression in parentheses (`(`)"),
    "Get-X $(Get-Y)": (1, "a subexpression (`$(`)"),
    'Get-X "a$(Get-Y)"': (1, "a subexpression (`$(`)"),
    "Get-X $? ": (1, "an automatic variable (`$`)"),
    "$c[0]": (1, "a type or an index (`[`)"),
    "'a'.Length": (1, "a script or the property of a text (`.`)"),
    "[int]5": (1, "a type or an index (`[`)"),
    "Get-X $env:HOME": (1, "a scope or drive in a variable's name"),
    "Get-X ${env:HOME}": (1, "a scope or drive in a variable's name"),
    "'a' + 'b'": (1, "an expression with operators or numbers"),
    "$c == 5": (1, "an expression with operators or numbers"),
    "$c += 5": (1, "an expression with operators or numbers"),
    "5 + 5": (1, "an expression with operators or numbers"),
    "\nforeach ($a in $b) { }": (2, "the keyword `foreach`"),
    "If ($a) { }": (1, "the keyword `If`"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_unsupported_syntax_is_refused_by_name_and_line(text: str) -> None:
    line, what = REFUSED[text]
    with pytest.raises(UsageError) as caught:
        parse(text, "x.ps1")
    assert str(caught.value) == f"x.ps1:{line}: {what} is not supported"
    assert caught.value.hint


COMPARISONS = (
    "input:1: a script block holds comparisons, such as { $_.Name -eq 'x' -and $_.Size -gt 5 }"
)
MALFORMED = {
    "Get-X @{a=b}": "input:1: text must be in quotes here",
    "Get-X @{a 1}": "input:1: a `=` is missing in a hash table",
    "Get-X @{a=1;A=2}": "input:1: a hash table has a key twice",
    "Get-X @{$c=1}": "input:1: a key of a hash table is a name or text in quotes",
    'Get-X @{"$c"=1}': "input:1: a key of a hash table may not hold a variable",
    "Get-X " + "@{a=" * 60: "input:1: values are nested more than 50 deep",
    "Get-X { Get-Y }": COMPARISONS,
    "Get-X { }": COMPARISONS,
    "Get-X { $_.A; $_.B }": COMPARISONS,
    "Get-X { $_.A -secret 'x' }": COMPARISONS,
    "Get-X { ($_.A }": COMPARISONS,
    "Get-X {" + "(" * 60: "input:1: values are nested more than 50 deep",
    "Get-X @' x\n'@": "input:1: nothing may follow the `@'` on its line",
    'Get-X @"\n${\n"@\n}': "input:2: `${}` does not name a variable",
    "Get-X | $c": "input:1: only a cmdlet can follow a `|`",
    "$_ = 5": "input:1: `$_` cannot be given a value",
    "$true = 'x'": "input:1: `$true` cannot be given a value",
    "Get-$c": "input:1: the name of a cmdlet may not hold a variable",
    "Get-X -A:": "input:1: a parameter ends in a colon and no value follows",
    "Get-X -A b ` \n  -C d": "input:2: a line begins with a parameter",
    'Get-X "`u{110000}"': "input:1: `u{...} does not name a character",
    'Get-X "`u{D800}"': "input:1: `u{...} does not name a character",
    "Get-X ${}": "input:1: `${}` does not name a variable",
    "Get-X 'a'b": "input:1: text follows a closing quote without a space",
    "Get-X 'a'=b": "input:1: text follows a closing quote without a space",
    "Get-X 'a'`b": "input:1: text follows a closing quote without a space",
    "Get-X \"a\"'b'": "input:1: text follows a closing quote without a space",
}


@pytest.mark.parametrize("text", MALFORMED)
def test_malformed_lines_say_what_is_wrong(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert str(caught.value) == MALFORMED[text]


UNFINISHED = {
    "Get-X |": "input:1: nothing follows the `|`",
    "Get-X a,": "input:1: nothing follows the comma",
    "Get-X @{a=1\n": "input:1: a hash table (`@{`) is not closed",
    "Get-X @{a": "input:1: a `=` is missing in a hash table",
    "Get-X @{a=": "input:1: a hash table (`@{`) is not closed",
    "Get-X { $_.A": "input:1: a script block is not closed",
    "Get-X { $_.A -and": "input:1: a script block is not closed",
    "Get-X @'\nx'@": "input:1: a here-string is not closed",
    "\nGet-X 'a": "input:2: a single quote is not closed",
    'Get-X "a\n\n': "input:1: a double quote is not closed",
    "Get-X `": "input:1: nothing follows the backtick at the end",
    "Get-X <# a": "input:1: a `<#` comment is not closed",
    "$c =": "input:1: no value follows the `=` of an assignment",
    "Get-X ${c": "input:1: the brace of `${` is not closed",
}


@pytest.mark.parametrize("text", UNFINISHED)
def test_unfinished_text_waits_for_more_lines(text: str) -> None:
    assert is_incomplete(text)
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert str(caught.value) == UNFINISHED[text]


@pytest.mark.parametrize("text", ["", "Get-X", "Get-X 'a'", "Get-X `\n", "Get-X | 'a", "# it's"])
def test_complete_or_invalid_text_does_not_wait(text: str) -> None:
    assert not is_incomplete(text)


ARGV = [
    (["Get-X"], get_x()),
    (["Get-X", "-Name", "a b", "c"], get_x(P("Name"), Word("a b"), Word("c"))),
    (["Get-X", "-Name:", "-b", "-C"], get_x(P("Name", Word("-b")), P("C"))),
    (["Get-X", "-Name:b:c", "-5"], get_x(P("Name", Word("b:c")), Word("-5"))),
    (
        ["Get-X", "-Name", "", "$c", "#x", "a,b"],
        get_x(P("Name"), *map(Word, ["", "$c", "#x", "a,b"])),
    ),
    (["PS", ">", "Get-X"], get_x()),
    (["PS>", "Get-X"], get_x()),
    (["PS >", "Get-X"], get_x()),
    (["PS", "C:\\x>", "Get-X"], get_x()),
    (["PS C:\\Program Files>", "Get-X"], get_x()),
]


@pytest.mark.parametrize(("words", "expected"), ARGV, ids=[" ".join(words) for words, _ in ARGV])
def test_words_of_a_command_line_parse_as(words: list[str], expected: Command) -> None:
    assert from_argv(words) == expected


@pytest.mark.parametrize("words", [[], ["PS"], ["PS", ">"], ["Get-X", "-Force:"]])
def test_words_without_a_cmdlet_or_value_are_refused(words: list[str]) -> None:
    with pytest.raises(UsageError):
        from_argv(words)


@pytest.mark.parametrize("plain", ["my_profile", r"C:\Users\x", "a-b", "~/x", "zürich", "a@b"])
def test_plain_values_stay_unquoted(plain: str) -> None:
    assert quote(plain) == plain


@pytest.mark.parametrize("value", ["", "a b", "-x", "$c", "it's", "a;b", "\u2018", "@x", "#x"])
def test_other_values_are_quoted(value: str) -> None:
    assert parse(f"Get-X {quote(value)}") == (get_x(Word(value, **Q)),)


def test_variables_expand_to_their_object() -> None:
    credential = object()
    (command,) = parse("Get-X $C -On:$TRUE -Off $null \"$n/$true/$null\" 'x' y")
    assert isinstance(command, Command)
    assert arguments(command, {"c": credential, "n": 5}) == (
        Value(credential),
        Named("On", Value(True)),
        Named("Off"),
        Value(None),
        Value("5/True/", quoted=True),
        Value("x", quoted=True),
        Value("y"),
    )


VALUES = {
    "@{a=1; B='x','y'; c=@{d=$true}}": {"a": 1, "B": ["x", "y"], "c": {"d": True}},
    " 'it''s' ": "it's",
    "1.5": 1.5,
    "$null": None,
    "1,2": [1, 2],
    "@{\n  a = 1\n  b = 2\n}": {"a": 1, "b": 2},
}


@pytest.mark.parametrize("text", VALUES)
def test_literal_evaluates_to_its_value(text: str) -> None:
    assert value_of(text) == VALUES[text]


@pytest.mark.parametrize("text", ["", "a", "@{a=1} x", "$c", "Get-X", "1 +"])
def test_only_literals_are_evaluated(text: str) -> None:
    with pytest.raises(UsageError):
        value_of(text)


def test_properties_are_found_in_any_letter_case() -> None:
    thing = AwsObject({"Key": "k", "Inner": {"Deep": 5}})
    variables = {"c": thing, "l": [thing, thing]}
    (statement,) = parse("Get-X $c.KEY $c.inner.deep $c.None $l.Key $l.Count $c.Key.Length")
    assert [given.value for given in arguments(statement, variables)] == [
        "k",
        5,
        None,
        ["k", "k"],
        2,
        1,
    ]


def test_text_with_a_secret_is_a_secret() -> None:
    made = evaluate(Template(("a-", Variable("s"))), {"s": Secret("b")})
    assert isinstance(made, Secret)
    assert made.reveal() == "a-b"


def test_a_variable_without_a_value_is_refused() -> None:
    with pytest.raises(UsageError, match=r"the variable `\$nope` has no value"):
        evaluate(Variable("nope"), {})


def test_no_repr_shows_what_was_typed() -> None:
    text = f"$c = Set-X -SecretKey {SECRET_KEY} -ST:'{SESSION_TOKEN}' -SK{SECRET_KEY} \"{SECRET_KEY}$x\""
    (statement,) = parse(text)
    given = arguments(statement.value, {"x": "x"})
    assert SECRET_KEY not in repr((statement, given))
    assert SESSION_TOKEN not in repr((statement, given))


TABLE = Registry(
    (
        Cmdlet(
            "Set-AWSCredential",
            "saves",
            (
                Parameter("AccessKey", "", aliases=("AK",)),
                Parameter("SecretKey", "", aliases=("SK", "SecretAccessKey"), secret=True),
                Parameter("SessionToken", "", aliases=("ST",), secret=True),
                Parameter("ProfileName", "", position=200),
                Parameter("ProfileLocation", "", position=201),
                Parameter("Force", "", kind="switch"),
            ),
            list,
        ),
        Cmdlet("Get-AWSCredential", "gets", (Parameter("ProfileName", "", position=1),), list),
        Cmdlet(
            "Use-Private",
            "uses",
            (
                Parameter("Payload", "", private=True),
                Parameter("Name", "", position=0),
                Parameter("Value", "", position=1),
            ),
            list,
        ),
        Cmdlet("Use-Code", "uses", (Parameter("Code", "", position=1, secret=True),), list),
    )
)
M = MASK
KEPT = {
    "PS > Get-AWSCredential -ProfileName 'my role' # secret": "Get-AWSCredential -ProfileName 'my role'",
    "Get-AWSCredential one": "Get-AWSCredential one",
    "Get-AWSCredential one two": f"Get-AWSCredential one {M}",
    "Set-AWSCredential -AK a -SecretKey b": f"Set-AWSCredential -AK a -SecretKey {M}",
    "Set-AWSCredential -sec b -Force p": f"Set-AWSCredential -sec {M} -Force {M}",
    "Set-AWSCredential -Force p": "Set-AWSCredential -Force p",
    "Set-AWSCredential -SK:b -st 'c d'": f"Set-AWSCredential -SK:{M} -st {M}",
    "Set-AWSCredential -S b": f"Set-AWSCredential -S {M}",
    "Set-AWSCredential -SecretKey a b": f"Set-AWSCredential -SecretKey {M} {M}",
    "Set-AWSCredential -SecretKey -abc -Force": f"Set-AWSCredential -SecretKey -{M} -{M}",
    "Set-AWSCredential -SecretKye b": f"Set-AWSCredential -{M} {M}",
    "Set-AWSCredential -SecretKeyabc": f"Set-AWSCredential -{M}",
    "Set-AWSCredential -SecretKey $s": "Set-AWSCredential -SecretKey $s",
    'Set-AWSCredential -SecretKey "a$s"': f"Set-AWSCredential -SecretKey {M}",
    f"Set-AWSCredential -AccessKey {SECRET_KEY}": f"Set-AWSCredential -AccessKey {M}",
    f"Set-AWSCredential AKIA {SECRET_KEY}": f"Set-AWSCredential AKIA {M}",
    "Use-Code 123456": f"Use-Code {M}",
    "Set-AWSCredentail -SK a -ProfileName b": f"Set-AWSCredentail -SK {M} -ProfileName b",
    "$c = Set-AWSCredential `\n -SK a; $c": f"$c = Set-AWSCredential -SK {M}; $c",
    "$s = 'secret'": f"$s = {M}",
    "${my s} = $t": "${my s} = $t",
    "Get-AWSCredential { $_.Password -eq 'x' }": f"Get-AWSCredential {M}",
    "Use-Private -Payload x -Name y": f"Use-Private -Payload {M} -Name y",
    "Use-Private MyPassword x": f"Use-Private MyPassword {M}",
    # not stored at all
    "": None,
    "# secret": None,
    "'secret'": None,
    SECRET_KEY: None,
    "correct-horse": None,
    "Set-AWSCredential -SK 'a": None,
    "Set-AWSCredential -SecretKey 'a'b": None,
    "Set-AWSCredential -SK a | Get-X": None,
    "'secret' | Set-AWSCredential": None,
    "Set-AWSCredential -SK a | Get-AWSCredential b": f"Set-AWSCredential -SK {M} | Get-AWSCredential b",
    "$c.SecretKey": "$c.SecretKey",
    "Set-AWSCredential -ProfileName @{Password='a'}": f"Set-AWSCredential -ProfileName {M}",
    "Set-AWSCredential -SK a,b": f"Set-AWSCredential -SK {M}",
    f"Set-AWSCredential -AccessKey a,{SECRET_KEY}": f"Set-AWSCredential -AccessKey {M}",
    "Get-AWSCredential; 'secret'": None,
}


@pytest.mark.parametrize("text", KEPT)
def test_history_stores(text: str) -> None:
    assert mask_line(text, TABLE) == KEPT[text]
