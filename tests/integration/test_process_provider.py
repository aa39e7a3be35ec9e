"""``credential_process``: real programs, well made and not; no byte of what they print in an error."""

import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pexpect
import pytest

from devtools.command import clean_environ
from keystead.errors import Origin, ProfileInvalid, ProviderError
from keystead.model.client_settings import NO_CLIENT_SETTINGS
from keystead.model.credentials import Credentials
from keystead.model.profile import Profile
from keystead.model.sources.process import Process
from keystead.resolve import program
from keystead.resolve.providers.process import ProcessProvider
from keystead.resolve.providers.provider import ProviderContext
from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import System
from tests.agents import is_alive, wait_for
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN, leaks

pytestmark = pytest.mark.posix("a pseudo-terminal")

GOOD = {"Version": 1, "AccessKeyId": ACCESS_KEY_ID, "SecretAccessKey": SECRET_KEY}
FULL = {
    **GOOD,
    "SessionToken": SESSION_TOKEN,
    "Expiration": "2099-01-02T03:04:05Z",
    "AccountId": "123456789012",
}

Helper = Callable[..., str]


def process_credentials(command: str, system: System, where: Origin | None = None) -> Credentials:
    """What a profile with that command gives."""
    setting = "credential_process"
    origins = {setting: where} if where else {}
    profile = Profile("p", {setting: command}, origins=origins)
    context = ProviderContext(profile, system, NO_CLIENT_SETTINGS, EncryptedStore(system).logins)
    return ProcessProvider(Process(profile="p"), context).retrieve()


@pytest.fixture
def helper(tmp_path: Path) -> Helper:
    """Makes an executable ``helper`` of the given script, and gives its path."""

    def make(script: str, shebang: str = "#!/bin/sh") -> str:
        path = tmp_path / "bin" / "helper"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{shebang}\n{textwrap.dedent(script)}")
        path.chmod(0o700)
        return str(path)

    return make


def printing(document: object) -> str:
    text = document if isinstance(document, str) else json.dumps(document)
    return f"cat <<'end'\n{text}\nend"


def failure(command: str, where: Origin | None = None) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        process_credentials(command, System(), where)
    assert caught.value.exit_code == 7
    assert not leaks(f"{caught.value} {caught.value.hint} {caught.value!r}")
    return caught.value


def test_all_valid_output_is_accepted(helper: Helper) -> None:
    found = process_credentials(helper(printing(FULL)), System())
    assert (found.access_key_id, found.secret_access_key) == (ACCESS_KEY_ID, SECRET_KEY)
    assert (found.session_token, found.account_id) == (SESSION_TOKEN, "123456789012")
    assert found.expires_at == datetime(2099, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert found.source == "credential_process helper"


@pytest.mark.parametrize(
    "absent", [{}, {"SessionToken": None, "Expiration": None}, {"SessionToken": ""}]
)
def test_token_and_expiry_are_optional(helper: Helper, absent: dict[str, object]) -> None:
    found = process_credentials(helper(printing({**GOOD, **absent})), System())
    assert (found.session_token, found.expires_at, found.account_id) == (None, None, None)


@pytest.mark.parametrize(
    "document", [GOOD, FULL, {**FULL, "Expiration": "2099-01-02T04:34:05+01:30"}]
)
def test_botocore_gets_the_same(
    helper: Helper, document: dict[str, object], home: Path, tmp_path: Path
) -> None:
    from botocore.session import Session

    command = helper(printing(document))
    config = tmp_path / "config"
    config.write_text(f"[profile p]\ncredential_process = {command}\n")
    session = Session(session_vars={"config_file": (None, None, str(config), None)}, profile="p")
    theirs = session.get_credentials().get_frozen_credentials()
    ours = process_credentials(command, System())
    assert (ours.access_key_id, ours.secret_access_key, ours.session_token, ours.account_id) == (
        theirs.access_key,
        theirs.secret_key,
        theirs.token,
        theirs.account_id,
    )


def test_command_is_split_like_a_shell_and_gets_the_whole_environment(helper: Helper) -> None:
    command = helper(
        """\
        test "$#" = 4 && test "$1" = "a b" && test "$2" = "c'd" && test "$3" = '*' &&
        test "$4" = '' && test "$TOLD" = yes || exit 9
        """
        + printing(GOOD)
    )
    system = System({**os.environ, "TOLD": "yes"})
    process_credentials(f"""{command} "a b" c\\'d '*' ''""", system)


def test_program_is_found_on_the_path(helper: Helper) -> None:
    folder = os.path.dirname(helper(printing(GOOD)))
    system = System({**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"})
    assert process_credentials("helper", system).access_key_id == ACCESS_KEY_ID


WRONG = {
    "": "is empty",
    "no": "is not JSON",
    f'{{"SecretAccessKey": "{SECRET_KEY}"': "is not JSON",
    "[" * 100_000: "is not JSON",
    f'["{SECRET_KEY}"]': "is JSON but not an object",
    json.dumps({**GOOD, "Version": None}): "has no `Version`",
    json.dumps({**GOOD, "Version": 2}): "has another `Version` than 1",
    json.dumps({**GOOD, "Version": "1"}): "has another `Version` than 1",
    json.dumps({**GOOD, "Version": True}): "has another `Version` than 1",
    json.dumps({**GOOD, "AccessKeyId": ""}): "has no `AccessKeyId`",
    json.dumps({**FULL, "SecretAccessKey": None}): "has no `SecretAccessKey`",
    json.dumps(
        {**FULL, "SecretAccessKey": [SECRET_KEY]}
    ): "has a `SecretAccessKey` that is not text",
    json.dumps({**FULL, "SecretAccessKey": SECRET_KEY + "\n"}): "line break or control character",
    json.dumps({**FULL, "SessionToken": f"\x1b{SESSION_TOKEN}"}): "in `SessionToken`",
    json.dumps({**FULL, "Expiration": "soon"}): "that is not an ISO 8601 time",
    json.dumps({**FULL, "Expiration": "0001-01-01T00:00:00+14:00"}): "that is not an ISO 8601 time",
    json.dumps({**FULL, "Expiration": 4102444800}): "has a `Expiration` that is not text",
}


@pytest.mark.parametrize("output", WRONG, ids=range(len(WRONG)))
def test_invalid_output_is_reported_without_quoting_it(helper: Helper, output: str) -> None:
    error = failure(helper(printing(output)))
    assert str(error).startswith(
        "credential_process `helper` printed something that cannot be used"
    )
    assert WRONG[output] in str(error)


def test_expired_credentials_are_refused(helper: Helper) -> None:
    command = helper(printing({**FULL, "Expiration": "2020-01-01T00:00:00Z"}))
    assert "returned credentials that have expired" in str(failure(command))


def test_endless_output_is_cut_off(helper: Helper) -> None:
    command = helper(f"while :; do echo {SECRET_KEY * 50}; done")
    assert str(failure(command)).endswith("printed more than 1024 KiB")


def test_failing_program_is_reported_with_file_and_line(helper: Helper) -> None:
    command = helper(printing(FULL) + "\nexit 3")
    error = failure(f"{command} --secret {SECRET_KEY}", Origin("/home/u/.aws/config", 7))
    assert (
        str(error) == "/home/u/.aws/config:7: credential_process `helper` failed with exit code 3"
    )


def test_killed_program_is_reported_differently(helper: Helper) -> None:
    assert str(failure(helper("kill -TERM $$"))).endswith("was killed by SIGTERM")


def test_missing_program(tmp_path: Path) -> None:
    for command in ("no-such-helper", str(tmp_path / "none"), "/etc/passwd/x"):
        assert str(failure(command)).endswith("was not found")


def test_a_program_that_cannot_be_run(tmp_path: Path, helper: Helper) -> None:
    plain = tmp_path / "plain"
    plain.write_text(printing(GOOD))
    assert "cannot be run: permission denied" in str(failure(str(plain)))
    assert "cannot be run: permission denied" in str(failure(str(tmp_path)))
    plain.chmod(0o700)
    assert "cannot be run: exec format error" in str(failure(str(plain)))
    assert "cannot be run: it is not a valid command" in str(failure(f"{helper('')} 'a\0b'"))


@pytest.mark.parametrize("command", ["", "  ", "''", '"" x'])
def test_empty_command_is_an_invalid_profile(command: str) -> None:
    with pytest.raises(ProfileInvalid, match="names no command"):
        process_credentials(command, System(), Origin("config", 1))


def test_unclosed_quote_is_an_invalid_profile() -> None:
    with pytest.raises(ProfileInvalid, match=r"^config:1: .* a quote that is not closed$"):
        process_credentials(f"helper 'a {SECRET_KEY}", System(), Origin("config", 1))


@pytest.mark.parametrize(
    "rest", ["| jq .", "> out", "$(date)", "&& true", "`date`", "~/keys", "$HOME/keys", "${HOME}"]
)
def test_shell_syntax_is_mentioned_when_the_program_fails(helper: Helper, rest: str) -> None:
    hint = failure(f"{helper('exit 1')} {rest}").hint
    assert hint is not None
    assert hint.startswith("the command is run without a shell")


def test_tilde_in_the_command_is_mentioned() -> None:
    hint = failure("~/bin/helper").hint
    assert hint is not None
    assert hint.startswith("the command is run without a shell")


def test_plain_words_are_not_taken_for_shell_syntax(helper: Helper) -> None:
    hint = failure(f"{helper('exit 1')} --user a~b --cost 5$ --mail a@b -- x").hint
    assert hint == "run it yourself to see why"


def pid_is_gone(path: Path) -> bool:
    """Whether the process ends; a killed one may take a moment, or wait for a parent that reaps."""
    pid = int(path.read_text())
    wait_for(lambda: not is_alive(pid))
    return True


HANGING = "sleep 1000 & echo $! >%s; echo $$ >%s; wait"


def test_timeout_ends_the_whole_process_group(
    helper: Helper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "TIME_LIMIT_SECONDS", 3.0)
    own, below = tmp_path / "own", tmp_path / "below"
    error = failure(helper(f"echo '{SECRET_KEY}'\n" + HANGING % (below, own)))
    assert "did not end within" in str(error)
    assert pid_is_gone(own)
    assert pid_is_gone(below)


def test_program_that_ignores_signals_is_killed(
    helper: Helper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "TIME_LIMIT_SECONDS", 0.2)
    assert "did not end within" in str(failure(helper("trap '' TERM INT HUP; while :; do :; done")))


@pytest.mark.parametrize("start", ["", "setsid "], ids=["in its group", "a daemon"])
def test_background_process_of_a_program_continues_and_is_not_waited_for(
    helper: Helper, tmp_path: Path, start: str
) -> None:
    """Such as gpg-agent, a browser or ssh's master connection; all hold the output open."""
    pid = tmp_path / "background"
    command = helper(
        f"{start}sh -c 'echo $$ >{pid}; exec sleep 30' &\nuntil test -s {pid}; do :; done\n"
        + printing(GOOD)
    )
    began = time.monotonic()
    assert process_credentials(command, System()).access_key_id == ACCESS_KEY_ID
    assert time.monotonic() - began < 15
    try:
        assert is_alive(int(pid.read_text()))
    finally:
        os.kill(int(pid.read_text()), 9)


def test_a_program_that_closes_its_output_early_is_waited_for(helper: Helper) -> None:
    command = helper(printing(GOOD) + "\nexec >&-\nsleep 0.2\nexit 3")
    assert str(failure(command)).endswith("failed with exit code 3")


def test_standard_error_is_forwarded_and_piped_input_is_not_read(
    helper: Helper, tmp_path: Path
) -> None:
    command = helper("cat >&2; echo 'look at your token' >&2\n" + printing(GOOD))
    done = in_a_program(f"credentials = process_credentials({command!r}, System())", stdin="kept\n")
    assert done.stdout == "kept\n"
    assert done.stderr == "look at your token\n"


def in_a_program(line: str, stdin: str) -> subprocess.CompletedProcess[str]:
    source = (
        "from keystead.system import System\n"
        "from tests.integration.test_process_provider import process_credentials\n"
        f"{line}\n"
        "print(input())\n"
    )
    return subprocess.run(
        [sys.executable, "-c", source],
        input=stdin,
        capture_output=True,
        text=True,
        env=clean_environ(os.environ),
        start_new_session=True,
        timeout=60,
    )


def at_a_terminal(command: str, after: str = "") -> pexpect.spawn:
    source = (
        "import sys\n"
        "from tests.integration.test_process_provider import process_credentials\n"
        "from keystead.system import System\n"
        "try:\n"
        f"    found = process_credentials({command!r}, System())\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
        "    sys.exit()\n"
        "print('got', found)\n"
        f"{after}\n"
    )
    return pexpect.spawn(
        sys.executable,
        ["-c", source],
        env=clean_environ(os.environ),  # type: ignore[arg-type]
        encoding="utf-8",
        timeout=30,
    )


def test_program_can_prompt_at_the_terminal(helper: Helper) -> None:
    script = "printf 'code: ' >/dev/tty; read code </dev/tty; test $code = 12345 || exit 1\n"
    child = at_a_terminal(helper(script + printing(GOOD)), "print('and', input())")
    child.expect("code: ")
    child.sendline("12345")
    child.expect(r"got AKIAIOSFODNN7EXAMPLE \*+")
    child.sendline("ours again")
    child.expect("and ours again")
    child.expect(pexpect.EOF)


def test_program_can_prompt_on_standard_input_if_a_terminal(helper: Helper) -> None:
    script = "printf 'code: ' >&2; read code; test $code = 12345 || exit 1\n"
    child = at_a_terminal(helper(script + printing(GOOD)))
    child.expect("code: ")
    child.sendline("12345")
    child.expect(r"got AKIAIOSFODNN7EXAMPLE \*+")
    child.expect(pexpect.EOF)


def test_interrupt_ends_the_program_and_restores_terminal_echo(
    helper: Helper, tmp_path: Path
) -> None:
    own, below = tmp_path / "own", tmp_path / "below"
    script = "stty -echo </dev/tty; printf 'code: ' >/dev/tty\n" + HANGING % (below, own)
    child = at_a_terminal(helper(script))
    child.expect("code: ")
    while not (own.exists() and own.read_text()):
        child.expect([pexpect.TIMEOUT, "never"], timeout=0.05)
    child.sendintr()
    child.expect("interrupted")
    assert child.getecho()
    child.expect(pexpect.EOF)
    assert pid_is_gone(own)
    assert pid_is_gone(below)


def test_an_interrupt_without_a_terminal_ends_the_program_too(
    helper: Helper, tmp_path: Path
) -> None:
    own, below = tmp_path / "own", tmp_path / "below"
    command = helper("kill -INT $PPID\n" + HANGING % (below, own))
    line = (
        "try:\n"
        f"    process_credentials({command!r}, System())\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')"
    )
    assert in_a_program(line, stdin="end\n").stdout == "interrupted\nend\n"
    assert not own.exists() or pid_is_gone(own)
    assert not below.exists() or pid_is_gone(below)
