"""MFA codes and passphrases that functions of the calling program give."""

import asyncio
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest

import keystead
from devtools.service import Reply, Request
from devtools.service import serving as service
from tests.agents import Agent
from tests.canaries import ACCESS_KEY_ID, PASSPHRASE, SECOND_SECRET_KEY, SECRET_KEY

pytestmark = pytest.mark.posix("programs of POSIX")

SERIAL = "arn:aws:iam::123456789012:mfa/me"
FILE = f"""[dev]
aws_access_key_id = {ACCESS_KEY_ID}
aws_secret_access_key = {SECRET_KEY}
region = eu-west-1
[secure]
role_arn = arn:aws:iam::123456789012:role/secure
source_profile = dev
mfa_serial = {SERIAL}
region = eu-west-1
"""
GIVEN = """<Response><{action}Result>
<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>
<Credentials><AccessKeyId>ASIA{number:016}</AccessKeyId><SecretAccessKey>made</SecretAccessKey>
<SessionToken>token</SessionToken><Expiration>{ends:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>
</{action}Result></Response>"""
REFUSED = """<ErrorResponse><Error><Code>AccessDenied</Code><Message>MultiFactorAuthentication failed
with invalid MFA one time pass code. </Message></Error></ErrorResponse>""".replace("\n", " ")


class Sts:
    """An STS that takes one code for a session of the user, and records all that it was sent."""

    def __init__(self) -> None:
        self.right = "000001"
        self.shown: list[str] = []
        self.number = 0

    def __call__(self, request: Request) -> Reply:
        given = parse_qs(request.body.decode())
        (action,) = given["Action"]
        if action == "GetSessionToken":
            self.shown += given["TokenCode"]
            if given["TokenCode"] != [self.right]:
                return Reply(403, REFUSED)
        self.number += 1
        ends = datetime.now(UTC) + timedelta(hours=1)
        return Reply(200, GIVEN.format(action=action, number=self.number, ends=ends))


class Answers:
    """A function that gives these answers in turn, and records its arguments."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.asked: list[keystead.MfaRequest | keystead.PassphraseRequest] = []

    def __call__(self, request: keystead.MfaRequest | keystead.PassphraseRequest) -> str:
        self.asked.append(request)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(found, BaseException):
            raise found
        return found


@pytest.fixture(autouse=True)
def files(write_credentials: Callable[[str], Path]) -> Path:
    return write_credentials(FILE)


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sts]:
    answer = Sts()
    with service(answer) as found:
        monkeypatch.setenv("AWS_ENDPOINT_URL", found.url)
        yield answer


def test_a_function_gets_device_and_profile_and_gives_the_code(sts: Sts) -> None:
    mfa = Answers("000001")
    session = keystead.session("secure", mfa=mfa)
    assert session.get_credentials().access_key.startswith("ASIA")
    assert mfa.asked == [keystead.MfaRequest(SERIAL, "secure", 1)]
    assert (mfa.asked[0].mfa_serial, mfa.asked[0].profile) == (SERIAL, "secure")
    assert keystead.credentials("secure", mfa=mfa).account_id == "123456789012"
    assert len(mfa.asked) == 1  # the session was in the cache


def test_a_function_takes_precedence_over_the_environment_and_the_profile(
    sts: Sts, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYSTEAD_MFA_CODE", "999999")
    files.write_text(f"{FILE}mfa_process = echo 888888\n")
    keystead.credentials("secure", mfa=lambda request: "000001")
    assert sts.shown == ["000001"]


def test_wrong_code_is_requested_again_and_the_third_is_an_error(sts: Sts) -> None:
    mfa = Answers("111111", "22", "000001")
    keystead.credentials("secure", mfa=mfa)
    assert [request.attempt for request in mfa.asked] == [1, 2, 3]
    assert sts.shown == ["111111", "000001"]  # a malformed code is not sent
    sts.right = "000009"
    mfa = Answers("333333", "444444", "555555", "000009")
    keystead_cache_cleared()
    with pytest.raises(keystead.WrongMfaCode) as caught:
        keystead.session("secure", mfa=mfa)
    assert [request.attempt for request in mfa.asked] == [1, 2, 3]
    assert SERIAL in str(caught.value.hint)
    assert not re.search("[345]{6}", str(caught.value))


def keystead_cache_cleared() -> None:
    from keystead.app import App

    App().sessions.clear()


def test_a_code_that_was_used_is_asked_for_again(sts: Sts) -> None:
    keystead.credentials("secure", mfa=lambda request: "000001")
    keystead_cache_cleared()
    sts.right = "000002"
    mfa = Answers("000001", "000002")
    keystead.credentials("secure", mfa=mfa)
    assert len(mfa.asked) == 2
    assert sts.shown == ["000001", "000002"]


class Cancelled(Exception):
    """An error of the program's own."""


def test_exception_of_the_function_propagates_and_releases_locks(sts: Sts) -> None:
    for error in (Cancelled("the window was closed"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            keystead.session("secure", mfa=Answers(error))
    assert sts.shown == []
    assert keystead.session("secure", mfa=Answers("000001")).get_credentials().access_key


@pytest.mark.parametrize("answer", [None, 123456, b"000001"], ids=repr)
def test_an_answer_that_is_not_text_is_a_type_error(answer: object, sts: Sts) -> None:
    kind = type(answer).__name__
    for function in (keystead.session, keystead.credentials):
        with pytest.raises(TypeError, match=f"given as `mfa` returned {kind}, not str"):
            function("secure", mfa=lambda request: answer)


def test_a_coroutine_is_refused_without_a_warning(sts: Sts) -> None:
    async def mfa(request: object) -> str:
        return "000001"

    with pytest.raises(TypeError, match="returned coroutine, not str"):
        keystead.credentials("secure", mfa=mfa)


def test_what_is_not_a_function_is_refused_and_not_shown() -> None:
    for function in (keystead.session, keystead.aio_session, keystead.credentials):
        with pytest.raises(TypeError) as caught:
            function("dev", mfa="123456")
        assert str(caught.value) == "`mfa` must be a function, not str"
        with pytest.raises(TypeError) as caught:
            function("dev", passphrase=PASSPHRASE)
        assert str(caught.value) == "`passphrase` must be a function, not str"
    with pytest.raises(TypeError):
        keystead.ProfileStoreChain(passphrase=PASSPHRASE)


def test_input_is_a_function_for_both(sts: Sts) -> None:
    code = 'import keystead; print(keystead.credentials("secure", mfa=input).account_id)'
    done = subprocess.run(
        [sys.executable, "-c", code], input="000001\n", capture_output=True, text=True, timeout=60
    )
    assert done.stdout == f"MFA code of {SERIAL} for profile `secure`: 123456789012\n"


def test_threads_share_one_call_of_the_function(sts: Sts) -> None:
    mfa = Answers("000001")
    core = keystead.aio_session("secure", mfa=mfa)  # it retrieves nothing yet
    credentials = asyncio.run(core.get_credentials())
    keys: list[str] = []
    threads = [threading.Thread(target=lambda: keys.append(credentials.token)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mfa.asked) == 1
    assert len(keys) == 16


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_forked_child_uses_the_same_function(sts: Sts) -> None:
    mfa = Answers("000001")
    credentials = keystead.session("secure", mfa=mfa).get_credentials()
    keystead_cache_cleared()
    sts.right = "000002"
    mfa.answers = ["000002"]
    pid = os.fork()
    if not pid:
        try:
            credentials.get_frozen_credentials()
            os._exit(len(mfa.asked))  # the parent's one, and the child's
        finally:
            os._exit(99)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 2
    assert len(mfa.asked) == 1


def test_waiting_function_does_not_block_the_event_loop(sts: Sts) -> None:
    release = threading.Event()
    threads: list[threading.Thread] = []

    def mfa(request: keystead.MfaRequest) -> str:
        threads.append(threading.current_thread())
        assert release.wait(60)
        return "000001"

    async def run() -> str:
        credentials = await keystead.aio_session("secure", mfa=mfa).get_credentials()

        async def let_go() -> None:
            release.set()

        frozen, _ = await asyncio.gather(credentials.get_frozen_credentials(), let_go())
        return frozen.access_key

    assert asyncio.run(run()).startswith("ASIA")
    assert threads != [threading.main_thread()]


KEYS = {"aws_access_key_id": "AKIAI44QH8DHBEXAMPLE", "aws_secret_access_key": SECOND_SECRET_KEY}


def test_a_function_gives_the_passphrase_of_a_new_store_and_opens_it() -> None:
    new, right, wrong = Answers(PASSPHRASE), Answers("wrong", "", PASSPHRASE), Answers("wrong")
    keystead.ProfileStoreChain(passphrase=new).register(keystead.Profile("sealed", KEYS))
    path = new.asked[0].path
    assert Path(path).is_file()
    assert new.asked == [keystead.PassphraseRequest(path, new=True)]
    found = keystead.credentials("sealed", passphrase=right)
    assert found.secret_access_key == SECOND_SECRET_KEY
    assert right.asked == [keystead.PassphraseRequest(path, attempt=n) for n in (1, 2, 3)]
    with pytest.raises(keystead.WrongPassphrase):
        keystead.session("sealed", passphrase=wrong)
    assert len(wrong.asked) == 3
    chain = keystead.ProfileStoreChain(passphrase=Answers(PASSPHRASE))
    secret = chain.find("sealed").settings["aws_secret_access_key"]
    assert isinstance(secret, keystead.Secret)
    assert secret.reveal() == SECOND_SECRET_KEY


def test_a_function_takes_precedence_over_the_passphrase_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keystead.ProfileStoreChain(passphrase=lambda request: PASSPHRASE).register(
        keystead.Profile("sealed", KEYS)
    )
    path = home / "passphrase"
    path.write_text("another one")
    path.chmod(0o600)
    monkeypatch.setenv("KEYSTEAD_PASSPHRASE_FILE", str(path))
    asked = Answers(PASSPHRASE)
    assert keystead.credentials("sealed", passphrase=asked).secret_access_key == SECOND_SECRET_KEY
    assert len(asked.asked) == 1
    with pytest.raises(keystead.WrongPassphrase):
        keystead.credentials("sealed")


def test_listing_calls_no_function() -> None:
    asked = Answers(PASSPHRASE)
    keystead.ProfileStoreChain(passphrase=asked).register(keystead.Profile("sealed", KEYS))
    chain = keystead.ProfileStoreChain(passphrase=asked)
    assert [profile.name for profile in chain.profiles()] == ["sealed", "dev", "secure"]
    assert keystead.plan("sealed").base.kind == "static"
    assert len(asked.asked) == 1


def test_a_chain_gets_the_opened_store_from_the_agent(agent: Agent, keystead) -> None:
    """As `keystead.credentials` does, so that a person types the passphrase once."""
    import keystead as library

    asked = Answers(PASSPHRASE)
    library.ProfileStoreChain(passphrase=asked).register(library.Profile("sealed", KEYS))
    assert len(asked.asked) == 1
    assert agent.pid
    chain = library.ProfileStoreChain()
    assert chain.find("sealed").settings["aws_secret_access_key"].reveal() == SECOND_SECRET_KEY
    chain.register(library.Profile("another", KEYS))
    assert library.credentials("another").secret_access_key == SECOND_SECRET_KEY
    assert keystead("process", "another").code == 0
