"""`env` in seven syntaxes: what a shell evaluates must give back the very bytes."""

import json
import os
import subprocess

import pytest

from keystead.delivery import shells
from keystead.errors import KeysteadError, UsageError

pytestmark = pytest.mark.posix("a POSIX shell")

AWKWARD = {
    "PLAIN": "wJalrXUtnFEMI/K7MDENG+bPxRfiCY==",
    "QUOTES": """it's "quoted" and `ticked`""",
    "DOLLARS": "$HOME ${HOME} $(id) %PATH% !! ~",
    "SLASHES": "back\\slash \\' \\n end\\",
    "BLANKS": "  leading, trailing  ",
    "OPERATORS": "a;b|c&d>e<f(g)h{i}j[k]l*m?n#o",
    "UNICODE": "zürich \u2019 東京",
    "EMPTY": "",
}
RUNS = {
    "bash": ["bash", "--norc", "-c"],
    "dash": ["dash", "-c"],
    "zsh": ["zsh", "-f", "-c"],
    "fish": ["fish", "--no-config", "-c"],
}


@pytest.mark.parametrize(
    "program",
    [pytest.param(name, marks=[] if name == "bash" else pytest.mark.needs(name)) for name in RUNS],
)
def test_shell_returns_the_exact_value(program: str) -> None:
    syntax = "fish" if program == "fish" else "zsh" if program == "zsh" else "bash"
    text = shells.render(syntax, AWKWARD, ["STALE"])
    show = "\nenv -0"
    done = subprocess.run(
        [*RUNS[program], text + show],
        capture_output=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "STALE": "old", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"},
    )
    found = dict(line.split("=", 1) for line in done.stdout.decode().split("\0") if "=" in line)
    assert {key: found.get(key) for key in AWKWARD} == AWKWARD
    assert "STALE" not in found


@pytest.mark.parametrize(
    ("path", "syntax"),
    [
        ("/bin/sh", "bash"),
        ("/bin/ash", "bash"),
        ("/bin/busybox", "bash"),
        ("/bin/dash", "bash"),
        ("/bin/ksh93", "bash"),
        ("/usr/bin/zsh", "zsh"),
        ("/usr/local/bin/fish", "fish"),
        ("/usr/bin/pwsh", "powershell"),
        ("/opt/microsoft/powershell/7-preview/pwsh-preview", "powershell"),
        (r"C:\Program Files\PowerShell\7\pwsh.exe", "powershell"),
        (r"C:\Program Files\Git\usr\bin\bash.exe", "bash"),
        (r"C:\Windows\System32\cmd.exe", "cmd"),
    ],
)
def test_the_login_shell_decides_the_syntax(path: str, syntax: str) -> None:
    assert shells.login_shell_syntax({"SHELL": path}) == syntax


@pytest.mark.parametrize("name", ["tcsh", "csh", "nu", "elvish", "xonsh", "rc"])
def test_unknown_shell_gets_no_bash_syntax(name: str) -> None:
    with pytest.raises(UsageError, match=f"no syntax is known for the shell `{name}`") as caught:
        shells.login_shell_syntax({"SHELL": f"/usr/bin/{name}"})
    assert caught.value.hint


def test_without_a_login_shell_the_platform_decides() -> None:
    expected = "powershell" if os.name == "nt" else "bash"
    assert shells.login_shell_syntax({}) == shells.login_shell_syntax({"SHELL": ""}) == expected


@pytest.mark.needs("dash")
def test_dotenv_value_is_exact_in_a_posix_shell() -> None:
    # Tools that read such files differ; what they share is the quoting of POSIX shells.
    values = {name: text for name, text in AWKWARD.items() if "'" not in text and "${" not in text}
    text = shells.render("dotenv", values, ["STALE"])
    done = subprocess.run(
        ["dash", "-c", f"set -a\n{text}\nenv -0"],
        capture_output=True,
        check=True,
        env={"PATH": "/usr/bin:/bin"},
    )
    found = dict(line.split("=", 1) for line in done.stdout.decode().split("\0") if "=" in line)
    assert {key: found.get(key) for key in values} == values


RULES = [
    ("powershell", "it's", "$Env:N = 'it''s'"),
    ("powershell", "a\u2019b", "$Env:N = 'a\u2019\u2019b'"),
    ("powershell", "$x `n", "$Env:N = '$x `n'"),
    ("cmd", "100%", 'set "N=100%%"'),
    ("cmd", "a&b|c>d^e", 'set "N=a&b|c>d^e"'),
    ("fish", "a\\b'c", "set -gx N 'a\\\\b\\'c'"),
    ("dotenv", "wJalrXUtnFEMI/K7MDENG+bPxRfiCY==", "N=wJalrXUtnFEMI/K7MDENG+bPxRfiCY=="),
    ("dotenv", "$x `id` #", "N='$x `id` #'"),
    ("dotenv", "", "N="),
]


@pytest.mark.parametrize(("shell", "value", "expected"), RULES)
def test_quoting_by_rule(shell: str, value: str, expected: str) -> None:
    assert shells.render(shell, {"N": value}, []) == expected


def test_removal_by_rule() -> None:
    assert shells.render("cmd", {}, ["N"]) == 'set "N="'
    assert (
        shells.render("powershell", {}, ["N"]) == "Remove-Item -ErrorAction SilentlyContinue Env:N"
    )
    assert shells.render("dotenv", {}, ["N"]) == ""


def test_json() -> None:
    assert json.loads(shells.render("json", AWKWARD, ["STALE"])) == AWKWARD


@pytest.mark.parametrize(("shell", "value"), [("cmd", 'a"b'), ("dotenv", "a'b"), ("dotenv", "a\\")])
def test_unquotable_value_is_refused(shell: str, value: str) -> None:
    with pytest.raises(KeysteadError, match="quote"):
        shells.render(shell, {"N": value}, [])


@pytest.mark.parametrize("shell", shells.NAMES)
@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b"])
def test_a_line_break_is_refused(shell: str, value: str) -> None:
    with pytest.raises(KeysteadError):
        shells.render(shell, {"N": value}, [])
