"""The session cache: encrypted, keyed by every relevant input, and never a cause of errors."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keystead.model.assume_role import AssumeRoleStep
from keystead.model.calls import role_calls
from keystead.model.client_settings import ClientSettings
from keystead.model.credentials import Credentials
from keystead.model.plan import Plan
from keystead.model.session import Session
from keystead.model.sources.environment import Environment
from keystead.model.sources.sso import Sso
from keystead.model.sources.static import Static
from keystead.resolve.cache_key import base_inputs, session_keys
from keystead.stores.encrypted.store import EncryptedStore
from keystead.stores.sessions import SessionCache
from keystead.system import System, Terminal
from tests.canaries import SECRET_KEY, SESSION_TOKEN, leaks
from tests.modes import PRIVATE_FILE, PRIVATE_FOLDER, mode
from tests.protection import home, passphrase

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
KEY = "a" * 40
CREDENTIALS = Credentials(
    "ASIAIOSFODNN7EXAMPLE",
    SECRET_KEY,
    SESSION_TOKEN,
    NOW + timedelta(hours=1),
    "123456789012",
    "profile base > arn:aws:iam::123456789012:role/r",
)
SESSION = Session(CREDENTIALS, NOW)


class Nobody(Terminal):
    def available(self) -> bool:
        return False


class Machine:
    now = NOW

    def __init__(self, folder: Path) -> None:
        self.environ = home(folder)
        self.folder = Path(self.environ["KEYSTEAD_HOME"]) / "sessions"

    def store(self) -> EncryptedStore:
        clock = lambda: self.now  # noqa: E731
        system = System(self.environ, clock=clock, terminal=Nobody(), dpapi=None)
        return EncryptedStore(system, protector=passphrase(system))

    def cache(self) -> SessionCache:
        return self.store().sessions()

    @property
    def file(self) -> Path:
        return self.folder / f"{KEY}.json"


@pytest.fixture(params=["without a store", "with a store"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    if request.param == "with a store":
        machine.store().init()
    return machine


def test_session_is_available_to_the_next_process(machine: Machine) -> None:
    assert machine.cache().get(KEY) is None
    machine.cache().put(KEY, SESSION)
    assert machine.cache().get(KEY) == SESSION
    assert machine.cache().get("b" * 40) is None


def test_session_files_are_encrypted_and_private(machine: Machine) -> None:
    machine.cache().put(KEY, SESSION)
    text = machine.file.read_text()
    assert leaks(text) == []
    assert CREDENTIALS.access_key_id not in text
    assert mode(machine.file) == PRIVATE_FILE
    assert mode(machine.folder) == PRIVATE_FOLDER


def test_listing_needs_no_key(machine: Machine) -> None:
    machine.cache().put(KEY, SESSION)
    machine.environ.pop("KEYSTEAD_PASSPHRASE_FILE")
    [kept] = machine.cache().all()
    assert kept == (KEY, CREDENTIALS.source, NOW, CREDENTIALS.expires_at)
    assert machine.cache().clear() == 1
    assert machine.cache().all() == []


def test_store_that_needs_a_prompt_caches_nothing(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.store().init()
    machine.environ.pop("KEYSTEAD_PASSPHRASE_FILE")
    machine.cache().put(KEY, SESSION)
    assert not machine.file.exists()
    assert not (machine.folder / "key").exists()


@pytest.mark.parametrize("field", ["source", "made", "expires_at", "sealed"])
def test_tampered_session_is_ignored(machine: Machine, field: str) -> None:
    machine.cache().put(KEY, SESSION)
    whole = json.loads(machine.file.read_text())
    whole[field] = whole[field][:-1] + ("1" if whole[field][-1] != "1" else "2")
    machine.file.write_text(json.dumps(whole))
    assert machine.cache().get(KEY) is None


def test_session_file_is_bound_to_its_name(machine: Machine) -> None:
    machine.cache().put(KEY, SESSION)
    machine.file.rename(machine.folder / f"{'b' * 40}.json")
    assert machine.cache().get("b" * 40) is None


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"source": 1}', b"x" * 100])
def test_malformed_session_file_is_ignored_and_replaced(machine: Machine, data: bytes) -> None:
    machine.folder.mkdir(mode=0o700, parents=True)
    machine.file.write_bytes(data)
    assert machine.cache().get(KEY) is None
    assert machine.cache().all() == []
    machine.cache().put(KEY, SESSION)
    assert machine.cache().get(KEY) == SESSION


def test_expired_sessions_are_removed_at_the_next_save(machine: Machine) -> None:
    machine.cache().put(KEY, SESSION)
    machine.now += timedelta(minutes=59)
    machine.cache().put("b" * 40, SESSION)
    assert machine.cache().get(KEY) == SESSION
    machine.now += timedelta(minutes=2)
    later = replace(SESSION.credentials, expires_at=machine.now + timedelta(hours=1))
    machine.cache().put("c" * 40, Session(later, machine.now))
    assert [kept.key for kept in machine.cache().all()] == ["c" * 40]


def test_shared_results_are_removed_after_a_minute(machine: Machine) -> None:
    flights = machine.cache().flights
    with flights.alone(KEY, 1):
        flights.put(KEY, SESSION)
    assert flights.get(KEY) == SESSION
    assert machine.cache().all() == []
    machine.now += timedelta(seconds=61)
    with flights.alone("b" * 40, 1):
        flights.put("b" * 40, Session(SESSION.credentials, machine.now))
    names = sorted(path.name for path in (machine.folder / "flights").iterdir())
    assert names == [".swept", f"{'b' * 40}.json"]
    machine.cache().clear()
    assert list((machine.folder / "flights").glob("*.json")) == []


def test_all_that_wait_for_a_session_read_it_as_soon_as_it_is_cached(machine: Machine) -> None:
    def wait_for_turn(_: int) -> tuple[bool, Session | None]:
        cache = machine.cache()
        with cache.alone(KEY, 60) as is_turn:
            return is_turn, cache.get(KEY)

    with ThreadPoolExecutor(3) as pool, machine.cache().alone(KEY, 60) as is_turn:
        assert is_turn
        found = [pool.submit(wait_for_turn, number) for number in range(3)]
        while wait(found, 0.01).not_done:  # one that begins to wait just now sees the next one
            machine.cache().put(KEY, SESSION)
    assert {row.result() for row in found} == {(False, SESSION)}


def test_who_waits_takes_a_turn_when_nothing_was_cached(machine: Machine) -> None:
    with machine.cache().alone(KEY, 1):
        machine.cache().put(KEY, SESSION)
    with machine.cache().alone(KEY, 1) as is_turn:
        assert is_turn


def test_folder_in_place_of_the_file_is_ignored(machine: Machine) -> None:
    machine.folder.parent.mkdir(exist_ok=True)
    machine.folder.touch()
    cache = machine.cache()
    cache.put(KEY, SESSION)
    cache.drop(KEY)
    with cache.alone(KEY, 1):
        assert cache.get(KEY) is None
    assert cache.all() == []


def test_sessions_of_an_old_data_key_do_not_open(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.store().init()
    machine.cache().put(KEY, SESSION)
    machine.store().protectors.rekey()
    assert machine.cache().get(KEY) is None


@pytest.mark.parametrize(
    ("minutes", "left", "fresh", "serves", "alive"),
    [
        (60, 16, True, True, True),
        (60, 15, False, True, True),
        (60, 11, False, True, True),
        (60, 10, False, False, True),
        (60, 0, False, False, False),
        (720, 16, True, True, True),
        (720, 15, False, True, True),
        (15, 4, True, True, True),
        (15, 3.7, False, True, True),
        (15, 2.4, False, False, True),
        (15, -1, False, False, False),
    ],
)
def test_windows(minutes: int, left: float, fresh: bool, serves: bool, alive: bool) -> None:
    session = Session(replace(CREDENTIALS, expires_at=NOW + timedelta(minutes=minutes)), NOW)
    now = session.expires_at - timedelta(minutes=left)
    assert (session.fresh(now), session.serves(now), session.alive(now)) == (fresh, serves, alive)


STEP = AssumeRoleStep(
    profile="p", role_arn="arn:aws:iam::123456789012:role/r", role_session_name="generated"
)
PLAN = Plan(
    profile="p", base=Static(profile="base"), steps=(STEP,), generated_session_name="generated"
)


def keys(
    plan: Plan = PLAN,
    first: str = "AKIAIOSFODNN7EXAMPLE",
    region: str | None = "eu-west-1",
    **environ: str,
) -> list[str]:
    settings = ClientSettings(region).with_variables(environ)
    asked = plan.replace(client_settings=settings)
    return session_keys(asked, first, role_calls(asked), environ)


def test_generated_session_name_is_not_in_the_cache_key() -> None:
    other = PLAN.replace(
        steps=(STEP.replace(role_session_name="other"),), generated_session_name="other"
    )
    assert keys() == keys(other)
    assert keys() == keys(PLAN.replace(profile="alias", steps=(STEP.replace(profile="alias"),)))


@pytest.mark.parametrize(
    "change",
    [
        {"role_arn": "arn:aws:iam::123456789012:role/other"},
        {"role_session_name": "given"},
        {"external_id": "id"},
        {"mfa_serial": "serial"},
        {"duration_seconds": 900},
        {"policy": "{}"},
        {"policy_arns": ("arn:aws:iam::aws:policy/ReadOnlyAccess",)},
        {"tags": (("team", "data"),)},
        {"transitive_tag_keys": ("team",)},
        {"source_identity": "somebody"},
    ],
)
def test_every_input_is_in_the_cache_key(change: dict[str, object]) -> None:
    other = PLAN.replace(steps=(STEP.replace(**change),))
    assert keys()[-1] != keys(other)[-1]


def test_caller_and_endpoint_are_in_the_cache_key() -> None:
    found = [
        keys(),
        keys(first="AKIAI44QH8DHBEXAMPLE"),
        keys(PLAN.replace(base=Environment(profile="base"))),
        keys(region="eu-west-2"),
        keys(AWS_ENDPOINT_URL="http://127.0.0.1:1"),
        keys(AWS_ENDPOINT_URL_STS="http://127.0.0.1:2"),
        keys(AWS_USE_FIPS_ENDPOINT="true"),
        keys(AWS_USE_DUALSTACK_ENDPOINT="true"),
        keys(AWS_STS_REGIONAL_ENDPOINTS="legacy"),
        keys(AWS_CA_BUNDLE="/etc/emulator.pem"),
        keys(HTTPS_PROXY="http://127.0.0.1:3"),
        keys(https_proxy="http://127.0.0.1:4"),
        keys(HTTPS_PROXY="http://127.0.0.1:3", NO_PROXY="sts.amazonaws.com"),
    ]
    assert len({names[-1] for names in found}) == len(found)


def test_retry_settings_are_not_in_the_cache_key() -> None:
    assert keys() == keys(AWS_MAX_ATTEMPTS="9", AWS_RETRY_MODE="adaptive", NO_PROXY="x")


def test_cache_key_of_a_step_includes_earlier_steps() -> None:
    first = STEP.replace(role_arn="arn:aws:iam::123456789012:role/first")
    two = keys(PLAN.replace(steps=(first, STEP)))
    assert len(set(two)) == 3
    assert two[-1] != keys()[-1]
    assert two[:2] == keys(PLAN.replace(steps=(first,)))


def test_every_input_of_a_source_is_in_the_cache_key_but_not_its_profile() -> None:
    base = Sso(
        profile="p", sso_start_url="https://a", sso_account_id="1", sso_role_name="r", region="e"
    )
    plan = Plan(profile="p", base=base)
    assert base_inputs(plan) == base_inputs(plan.replace(base=base.replace(profile="q")))
    others = [base.replace(**{key: "x"}) for key in ("sso_start_url", "sso_role_name", "region")]
    texts = {base_inputs(plan.replace(base=other)) for other in (base, *others)}
    assert len({*texts, base_inputs(plan, "more")}) == 5
