"""Prompts on a real pseudo-terminal, which are shown there even when output is redirected."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl

import pexpect
import pytest

from devtools.command import KEYSTEAD
from devtools.emulators import Emulator
from devtools.service import Reply, Request, serving
from keystead.testing.identity_center import IdentityCenter
from tests.canaries import ACCESS_KEY_ID, MFA_CODE, PASSPHRASE, SECRET_KEY, leaks
from tests.signed_in import sign_in

pytestmark = pytest.mark.posix("a pseudo-terminal")

KEYS = f"[base]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
ROLE = """[admin]
role_arn = arn:aws:iam::123456789012:role/admin
source_profile = base
mfa_serial = arn:aws:iam::123456789012:mfa/user
"""


def spawn(line: str) -> pexpect.spawn:
    env = {**os.environ, "PATH": f"{Path(KEYSTEAD).parent}:{os.environ['PATH']}"}
    return pexpect.spawn(
        "/bin/sh", ["-c", line], env=env, encoding="utf-8", codec_errors="replace", timeout=30
    )


def test_a_wide_list_fits_the_terminal_and_is_whole_without_one(home: Path) -> None:
    path = home / ".aws" / "credentials"
    path.parent.mkdir(mode=0o700)
    path.write_text(f"{KEYS}{ROLE}")
    path.chmod(0o600)
    child = spawn("stty cols 40; keystead list --wide")
    child.expect(pexpect.EOF)
    lines = child.before.splitlines()
    assert lines[-4].split() == ["Name", "Type", "Store", "Account", "Role"]
    assert max(len(line) for line in lines[-4:]) <= 40
    assert lines[-1].startswith("admin ")
    child = spawn("stty cols 40; keystead list --wide | cat")
    child.expect(pexpect.EOF)
    assert "…" not in child.before
    assert "~/.aws/credentials" in child.before


def finish(child: pexpect.spawn) -> int:
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus if child.exitstatus is not None else 128 + child.signalstatus


@pytest.fixture
def transcript(tmp_path: Path) -> Path:
    return tmp_path / "transcript"


def test_the_first_profile_makes_the_store(home: Path, transcript: Path) -> None:
    with transcript.open("w") as log:
        child = spawn(f"keystead set dev aws_access_key_id={ACCESS_KEY_ID}")
        child.logfile_read = log
        child.expect("aws_secret_access_key: ")
        child.sendline(SECRET_KEY)
        child.expect("(?i)new passphrase.*: ")
        child.sendline(PASSPHRASE)
        child.expect("again.*: ")
        child.sendline(PASSPHRASE)
        assert finish(child) == 0
        child = spawn("keystead process dev > taken")
        child.logfile_read = log
        child.expect("passphrase.*: ")
        child.sendline(PASSPHRASE)
        assert finish(child) == 0
    assert SECRET_KEY in (home / "taken").read_text()
    (home / "taken").unlink()
    assert leaks(transcript.read_text()) == []


@pytest.fixture(autouse=True)
def in_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")


def test_mismatched_passphrases_are_prompted_for_again_and_then_create_no_store(home: Path) -> None:
    child = spawn("keystead store init")
    for _ in range(3):
        child.expect("new passphrase.*: ")
        child.sendline(PASSPHRASE)
        child.expect("again.*: ")
        child.sendline("something else")
        child.expect("the two passphrases differ")
    assert finish(child) == 5
    assert not list(Path(os.environ["KEYSTEAD_HOME"]).glob("*.json"))


def test_mistyped_second_passphrase_does_not_lose_the_typed_secret(home: Path) -> None:
    child = spawn(f"keystead set dev aws_access_key_id={ACCESS_KEY_ID}")
    child.expect("aws_secret_access_key: ")
    child.sendline(SECRET_KEY)
    for second in ("something else", PASSPHRASE):
        child.expect("new passphrase.*: ")
        child.sendline(PASSPHRASE)
        child.expect("again.*: ")
        child.sendline(second)
    assert finish(child) == 0
    child = spawn("keystead process dev > taken")
    for answer in ("wrong", PASSPHRASE):
        child.expect("passphrase of the encrypted store: ")
        child.sendline(answer)
    assert finish(child) == 0
    assert SECRET_KEY in (home / "taken").read_text()
    (home / "taken").unlink()


def test_wrong_passphrase_is_prompted_for_three_times(home: Path) -> None:
    child = spawn("keystead store init")
    for _ in range(2):
        child.expect("passphrase.*: ")
        child.sendline(PASSPHRASE)
    assert finish(child) == 0
    child = spawn("keystead set x region=eu-west-1")
    for _ in range(3):
        child.expect("passphrase of the encrypted store: ")
        child.sendline("wrong")
        child.expect("the passphrase does not open the encrypted store")
    assert finish(child) == 5


class StrictSts:
    """STS with one MFA device, which accepts only ``code`` and otherwise sends AWS's error."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.codes: list[str] = []

    def __call__(self, request: Request) -> Reply:
        form = dict(parse_qsl(request.body.decode()))
        given = form.get("TokenCode")
        if given is None:
            refused = "User: arn:aws:iam::123456789012:user/u is not authorized to perform: "
            return self._refusal(f"{refused}sts:AssumeRole on resource: {form.get('RoleArn')}")
        self.codes.append(given)
        if given != self.code:
            return self._refusal(
                "MultiFactorAuthentication failed with invalid MFA one time pass code. "
            )
        operation = form["Action"]
        return Reply(
            200,
            f"<{operation}Response><{operation}Result><Credentials>"
            f"<AccessKeyId>{ACCESS_KEY_ID}</AccessKeyId>"
            f"<SecretAccessKey>{SECRET_KEY}</SecretAccessKey><SessionToken>t</SessionToken>"
            "<Expiration>2099-01-01T00:00:00Z</Expiration>"
            f"</Credentials></{operation}Result></{operation}Response>",
        )

    @staticmethod
    def _refusal(message: str) -> Reply:
        error = f"<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>"
        return Reply(403, f"<ErrorResponse>{error}</ErrorResponse>")


LONG_ROLE = ROLE + "duration_seconds = 43200\n"
"""A role whose code goes to AssumeRole, as no session of the user lives so long."""


def test_wrong_mfa_code_is_prompted_for_again(
    home: Path,
    transcript: Path,
    monkeypatch: pytest.MonkeyPatch,
    write_credentials: Callable[[str], Path],
) -> None:
    write_credentials(KEYS + LONG_ROLE)
    sts = StrictSts(MFA_CODE)
    with serving(sts) as service, transcript.open("w") as log:
        monkeypatch.setenv("AWS_ENDPOINT_URL", service.url)
        child = spawn("keystead process admin > taken")
        child.logfile_read = log
        child.expect("MFA code of .*: ")
        child.sendline("000000")
        child.expect("is wrong or was used before")
        child.expect("MFA code of .*: ")
        child.sendline("12345")
        child.expect("is not an MFA code, which is six digits")
        child.expect("MFA code of .*: ")
        child.sendline(MFA_CODE)
        assert finish(child) == 0
    assert sts.codes == ["000000", MFA_CODE]
    assert "AccessKeyId" in (home / "taken").read_text()
    (home / "taken").unlink()
    assert leaks(transcript.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "process admin",
        "Get-STSSessionToken -SerialNumber arn:aws:iam::123456789012:mfa -ProfileName base",
    ],
)
def test_three_wrong_mfa_codes_end_the_command(
    write_credentials: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    write_credentials(KEYS + ROLE)
    sts = StrictSts(MFA_CODE)
    with serving(sts) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL", service.url)
        child = spawn(f"keystead {line}")
        for code in ("000000", "000001", "000002"):
            child.expect("MFA code of .*: ")
            child.sendline(code)
        child.expect("error: the MFA code typed is wrong or was used before")
        child.expect("hint: check that the codes are those of `[^`]*mfa")
        assert finish(child) == 7
    assert sts.codes == ["000000", "000001", "000002"]


def test_mfa_prompt_uses_the_terminal_although_input_and_output_are_redirected(
    home: Path, moto: Emulator, transcript: Path, write_credentials: Callable[[str], Path]
) -> None:
    write_credentials(KEYS + ROLE)
    with transcript.open("w") as log:
        child = spawn("keystead process admin < /dev/null > taken 2> errors")
        child.logfile_read = log
        child.expect("MFA code of arn:aws:iam::123456789012:mfa/user for profile `admin`: ")
        child.sendline(MFA_CODE)
        assert finish(child) == 0
    assert '"AccessKeyId": "ASIA' in (home / "taken").read_text()
    assert (home / "errors").read_text() == ""
    assert leaks(transcript.read_text()) == []
    assert moto.recorder.calls[0].parameters["TokenCode"] == MFA_CODE
    (home / "taken").unlink()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("KEYSTEAD_MFA_CODE", "in KEYSTEAD_MFA_CODE"),
        ("mfa_process = echo 000000", "printed by `mfa_process`"),
    ],
)
def test_refused_code_of_a_program_or_variable_is_reported_without_a_prompt(
    write_credentials: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    said: str,
) -> None:
    setting = f"{source}\n" if "=" in source else ""
    write_credentials(KEYS + LONG_ROLE + setting)
    if not setting:
        monkeypatch.setenv(source, "000000")
    sts = StrictSts(MFA_CODE)
    with serving(sts) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL", service.url)
        child = spawn("keystead process admin")
        child.expect("error: the MFA code ([^\r]*) is wrong or was used before")
        assert child.match[1] == said
        assert finish(child) == 7
    assert sts.codes == ["000000"]


def test_trust_policy_that_requires_mfa_is_not_taken_for_a_wrong_code(
    write_credentials: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_credentials(KEYS + "\n".join(ROLE.splitlines()[:-1]) + "\n")
    with serving(StrictSts(MFA_CODE)) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL", service.url)
        child = spawn("keystead process admin")
        child.expect("is not authorized to perform: sts:AssumeRole")
        child.expect("hint: check that the role's trust policy allows the caller[^\r]*`mfa_serial`")
        assert finish(child) == 7


@pytest.mark.parametrize(
    "line",
    [
        "set base aws_secret_access_key",
        "set other aws_access_key_id=AKIAIOSFODNN7EXAMPLE --store encrypted",
        "remove base",
        "rename base other",
        "copy base other",
    ],
)
def test_dry_run_does_not_prompt(write_credentials: Callable[[str], Path], line: str) -> None:
    path = write_credentials(KEYS)
    child = spawn(f"keystead {line} --dry-run; echo ended")
    child.expect("ended")
    assert "[y/N]" not in child.before
    assert "passphrase" not in child.before
    finish(child)
    assert path.read_text() == KEYS


@pytest.mark.parametrize(("answer", "there"), [("y", False), ("n", True), ("", True)])
def test_remove_asks_for_confirmation(
    write_credentials: Callable[[str], Path], answer: str, there: bool
) -> None:
    path = write_credentials(KEYS)
    child = spawn("keystead remove base")
    child.expect("remove profile `base` from .*credentials\\? \\[y/N\\]: ")
    child.sendline(answer)
    assert finish(child) == 0
    assert (path.read_text() == KEYS) is there


ASKING = ["remove base", "set base aws_secret_access_key", "store init", "process admin", "shell"]


@pytest.mark.parametrize("line", ASKING)
@pytest.mark.parametrize(
    "form", ["keystead --no-input {}", "keystead {} --no-input", "KEYSTEAD_NO_INPUT=1 keystead {}"]
)
def test_no_input_option_disables_prompts(
    write_credentials: Callable[[str], Path], line: str, form: str
) -> None:
    path = write_credentials(KEYS + ROLE)
    child = spawn(form.format(line))
    child.expect("keystead: error: [^\r]*(prompts are disabled|needs a terminal)")
    assert finish(child) == 6
    assert path.read_text() == KEYS + ROLE


def test_no_input_option_applies_to_cmdlets_and_is_passed_to_helpers(
    write_credentials: Callable[[str], Path],
) -> None:
    path = write_credentials(KEYS)
    child = spawn("keystead --no-input Remove-AWSCredentialProfile base")
    child.expect("prompts are disabled")
    assert finish(child) == 6
    assert path.read_text() == KEYS
    path.write_text(
        "[helped]\ncredential_process = sh -c 'echo input=$KEYSTEAD_NO_INPUT >&2; false'\n"
    )
    child = spawn("keystead process helped --no-input")
    child.expect("input=1")
    assert finish(child) == 7


def test_undecodable_answer_does_not_confirm(write_credentials: Callable[[str], Path]) -> None:
    path = write_credentials(KEYS)
    child = spawn("keystead remove base")
    child.expect("\\[y/N\\]: ")
    os.write(child.child_fd, b"\xff\n")
    assert finish(child) == 0
    assert path.read_text() == KEYS


def test_name_in_a_prompt_is_escaped(write_credentials: Callable[[str], Path]) -> None:
    serial = "mfa_serial = arn:aws:iam::123456789012:mfa/\x1b]0;x\x07"
    write_credentials(KEYS + "[admin]\n" + "\n".join([*ROLE.splitlines()[1:3], serial]) + "\n")
    child = spawn("exec keystead process admin")
    child.expect("`mfa_serial` of profile `admin` contains a line break or control character")
    assert finish(child) == 4
    assert "\x1b]0" not in child.before


def test_shell_works_without_a_history() -> None:
    child = spawn("KEYSTEAD_HOME=/dev/null/x TERM=dumb exec keystead shell")
    child.expect("PS .*> ")
    child.sendline("Get-AWSCredential -ProfileName nobody")
    child.expect("there is no profile|not a directory")
    child.expect("PS .*> ")
    child.close(force=True)


def test_control_c_at_a_prompt(write_credentials: Callable[[str], Path]) -> None:
    path = write_credentials(KEYS)
    child = spawn("exec keystead remove base")
    child.expect("\\[y/N\\]: ")
    child.sendintr()
    assert finish(child) == 130
    assert path.read_text() == KEYS


def test_control_c_during_start_is_reported_without_a_traceback(tmp_path: Path) -> None:
    # Ctrl-C in the middle of the imports, at a moment that does not hang on the clock.
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'keystead.app':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    child = spawn(f"PYTHONPATH={tmp_path} exec keystead list")
    child.expect("keystead: error: interrupted")
    assert finish(child) == 130
    assert "Traceback" not in child.before


def test_exec_hands_over_the_terminal_and_the_exit_code(
    write_credentials: Callable[[str], Path],
) -> None:
    write_credentials(KEYS)
    code = "import os,sys; sys.exit(41 + os.isatty(0) * os.isatty(1))"
    child = spawn(f"exec keystead exec base -- {sys.executable} -c '{code}'")
    assert finish(child) == 42


def test_interrupted_child(write_credentials: Callable[[str], Path]) -> None:
    write_credentials(KEYS)
    child = spawn("exec keystead exec base -- sh -c 'echo ready; sleep 30'")
    child.expect("ready")
    child.sendintr()
    assert finish(child) == 128 + 2


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)


def test_service_cmdlet_prompts_for_mandatory_parameters_and_confirms_removal(
    moto: Emulator, keys: None
) -> None:
    child = spawn("keystead New-S3Bucket -Select '^BucketName'")
    child.expect("BucketName.*: ")
    child.sendline("asked-for")
    child.expect("asked-for")
    assert finish(child) == 0
    child = spawn("keystead Remove-S3Bucket asked-for")
    child.expect(r"Remove-S3Bucket asked-for: really\? \[y/N\]")
    child.sendline("")
    child.expect("nothing was removed")
    assert finish(child) == 2
    child = spawn("keystead Remove-S3Bucket asked-for")
    child.expect(r"really\?")
    child.sendline("y")
    assert finish(child) == 0
    assert moto.client("s3").list_buckets()["Buckets"] == []


def test_long_list_shows_progress_and_ctrl_c_shows_partial_output(keys: None) -> None:
    gate = threading.Event()

    def endless(request: Request) -> Reply:
        number = len(service.requests)
        if number > 3:
            gate.wait(20)
        return Reply(
            200, {"TableNames": [f"table{number}"], "LastEvaluatedTableName": f"table{number}"}
        )

    with serving(endless) as service:
        child = spawn(f"keystead Get-DDBTableList -Region us-east-1 -EndpointUrl {service.url}")
        child.expect("3 objects of Get-DDBTableList")
        child.sendintr()
        child.expect("table1\r\ntable2\r\ntable3\r\n")
        child.expect("did not finish")
        child.expect("interrupted")
        gate.set()
        assert finish(child) == 130


@pytest.fixture
def center(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityCenter]:
    """A service with forty accounts, to which the home is signed in."""
    made = IdentityCenter()
    for number in range(40):
        made.add_account(f"{number:012}", f"Team {number}", roles=["Admin", "Reader"])
    with made:
        for name, value in made.variables.items():
            monkeypatch.setenv(name, value)
        sign_in(home, made)
        yield made


def test_populate_shows_its_progress_and_the_change_and_asks(
    center: IdentityCenter, home: Path
) -> None:
    config = home / ".aws" / "config"
    before = config.read_text()
    for answer, code in (("n", 0), ("y", 0)):
        child = spawn("keystead sso populate")
        child.expect(r"roles of accounts \[[#.]{20}\] \d+/\d+, \d+ calls? at once")
        child.expect(r"\+\[profile Team-0-Admin\]")
        child.expect(r"\d+ more lines are not shown")
        child.expect("add 80 profiles in .*config\\? \\[y/N\\]")
        child.sendline(answer)
        assert finish(child) == code
        assert (config.read_text() == before) is (answer == "n")


def test_populate_shows_no_progress_without_a_terminal(center: IdentityCenter) -> None:
    child = spawn("keystead sso populate --force 2>&1 | cat")
    assert finish(child) == 0
    assert child.before == "keystead: note: 80 profiles added\r\n"
