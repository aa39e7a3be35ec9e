"""No operation grows faster with the number of profiles than its work does.

Executed lines and calls are counted, which no other process disturbs. Each row says what may grow:
`NONE` is for what concerns one profile, `LINEAR` for what reads all of them. A new command without
a row fails a test.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import pytest

import keystead
from keystead.app import App
from keystead.cli.commands import MODULES, row
from keystead.cli.completing.answer import answer
from keystead.cli.main import main
from keystead.identity_center.account import Account, RoleFilter
from keystead.identity_center.populate import Populate
from keystead.identity_center.population import Wish
from keystead.identity_center.profile_name import DEFAULT_TEMPLATE, NameTemplate
from keystead.pick.choices import choices
from tests import shapes, worlds
from tests.effort import amount

pytestmark = pytest.mark.posix("counts what `exec` does until it replaces the process")

SETTLING_SECONDS = 0.025
"""As long as a change of a file may leave its version the same; see `FileVersion.is_settled`."""
SIZES = amount(short=(100, 200, 400), full=(100, 1_000, 10_000))
NONE, LINEAR = "none", "linear"


class Row(NamedTuple):
    """What may grow, with the profiles in the shared files and in the encrypted store."""

    action: str | Callable[[App, str], object]
    shared: str = NONE
    encrypted: str = LINEAR  # one JSON document, verified as a whole


def row_of_both(action: str | Callable[[App, str], object], growth: str) -> Row:
    return Row(action, growth, growth)


COMMANDS = {
    "list": row_of_both("list", LINEAR),
    "list --all": row_of_both("list --all", LINEAR),
    "list --json": row_of_both("list --json", LINEAR),
    "show": Row("show LAST"),
    "show (no such profile)": row_of_both("show profil-000001", LINEAR),
    "set": Row("set LAST region=eu-west-2"),
    "set (another)": Row("set fresh region=eu-west-2 --store shared"),
    "set --dry-run": Row("set LAST region=eu-west-2 --dry-run", LINEAR),
    "remove": row_of_both("remove LAST --force", LINEAR),
    "remove --dry-run": row_of_both("remove LAST --force --dry-run", LINEAR),
    "rename": row_of_both("rename LAST fresh", LINEAR),
    "rename --dry-run": row_of_both("rename LAST fresh --dry-run", LINEAR),
    "copy": Row("copy LAST fresh"),
    "copy --dry-run": Row("copy LAST fresh --dry-run", LINEAR),
    "process": Row("process LAST"),
    "env": Row("env LAST"),
    "exec": Row("exec LAST -- true"),
    "audit": row_of_both("audit", NONE),
    "plan": Row("plan LAST"),
    "plan (a role)": Row("plan role"),
    "explain": Row("explain LAST"),
    "explain (the default search)": Row("explain"),
    "dump": Row("dump", LINEAR, NONE),
    "lint": row_of_both("lint", LINEAR),
    "undo": row_of_both("undo --list", NONE),
    "status": row_of_both("status", LINEAR),
    "store init": Row("store init"),
    "store status": Row("store status"),
    "store lock": row_of_both("store lock", NONE),
    "store unlock": Row("store unlock"),
    "store protectors": Row("store protectors"),
    "store protectors list": Row("store protectors list"),
    "store protectors add": Row("store protectors add keyfile --key-file HOME/other"),
    "store protectors remove": Row("store protectors remove 1"),
    "store rekey": Row("store rekey"),
    "store accept": Row("store accept --force"),
    "agent start": row_of_both("agent start", NONE),
    "agent stop": row_of_both("agent stop", NONE),
    "agent status": row_of_both("agent status", NONE),
    "agent lock": row_of_both("agent lock", NONE),
    "agent unlock": Row("agent unlock"),
    "agent launcher": row_of_both("agent launcher HOME/launcher", NONE),
    "cache list": row_of_both("cache list", NONE),
    "cache clear": row_of_both("cache clear", NONE),
    "shell": row_of_both("shell -c Get-AWSCredential${IFS}-ListProfileDetail", LINEAR),
    "completion": row_of_both("completion bash", NONE),
    "powershell-module": row_of_both("powershell-module", NONE),
    "help": row_of_both("help errors", NONE),
}
UNCOUNTED = {
    "console": "calls AWS with the keys that the row of `credentials` gets",
    "login": "waits for a person and a browser",
    "logout": "ends logins at a service",
    "pick": "waits for a person; what it reads is a row of `OPERATIONS`",
    "serve": "serves until it is stopped; its requests are a row of `OPERATIONS`",
    "whoami": "calls STS with the keys that the row of `credentials` gets",
    "doctor": "waits for the network; it reads profiles as `lint` and `list` do",
    "sso accounts": "lists the accounts of a service, not profiles",
    "sso populate": "lists the accounts of a service; the change of the file is in `OPERATIONS`",
}
ACCOUNTS = [Account(f"{number:012}", "Test", roles=("Admin",)) for number in range(20)]


def populate(app: App, _: str) -> None:
    wish = Wish("corp", ACCOUNTS, RoleFilter.parse(()), NameTemplate.parse(DEFAULT_TEMPLATE), ())
    Populate(wish, ()).write(app.shared)


OPERATIONS = {
    "populate": Row(populate, LINEAR, NONE),
    "complete a name": row_of_both(lambda _, __: answer(["show", "profile-0000"]), LINEAR),
    "complete a setting": Row(lambda _, last: answer(["set", last, "regi"])),
    "the library's credentials": Row(lambda _, last: keystead.credentials(last)),
    "the library's plan": Row(lambda _, last: keystead.plan(last)),
    "the library's session": Row(lambda _, last: keystead.session(last)),
    "what can be picked": row_of_both(lambda app, _: [*choices(app, None, {})], LINEAR),
    "the library's list": row_of_both(
        lambda _, __: keystead.ProfileStoreChain().profiles(), LINEAR
    ),
    "the check of an endpoint and of the agent": row_of_both(
        lambda app, last: app.select(last).change_token(), NONE
    ),
}


SHAPED = (
    "list --json --all",
    "list --wide",
    "show p0",
    "show absent",
    "plan p0",
    "explain p0",
    "explain",
    "lint",
    "dump",
    "set p0 output=json",
    "rename p0 fresh",
    "remove p0 --force",
    "copy p0 fresh",
)
"""What reads or changes the files of `shapes.CONFIGS`."""
STATES = (
    "audit",
    "audit --verify",
    "cache list",
    "undo --list",
    "set k output=json",
    "list --wide",
)
"""What reads the state folder of `shapes.STATES`."""
SHAPED_SIZES = (25, 50, 100)


class Ended(Exception):
    """The process would have been replaced."""


class Home(NamedTuple):
    """A folder with ``size`` profiles."""

    folder: Path
    last: str


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Home]]:
    """The homes of each store, smallest first."""
    made: dict[str, list[Home]] = {}
    for store in (worlds.shared_files, worlds.encrypted_store):
        for size in SIZES:
            folder = tmp_path_factory.mktemp("worlds") / "home"
            store(folder, size)
            made.setdefault(store.__name__, []).append(Home(folder, worlds.name(size - 1)))
    return made


@pytest.fixture(autouse=True)
def replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends `exec` where the system would replace the process."""

    def end(*_: object) -> None:
        raise Ended

    monkeypatch.setattr(os, "execvpe", end)


def counted(act: Callable[[], object]) -> int:
    """How many lines and calls ``act`` executes."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> object:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    gc.disable()  # libraries have callbacks of the garbage collector
    sys.settrace(trace)  # type: ignore[arg-type]  # it returns itself
    try:
        act()
    finally:
        sys.settrace(before)
        gc.enable()
    return count


def growth(
    action: str | Callable[[App, str], object],
    homes: list[Home],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> list[int]:
    """What the action counts in each home; each time in a copy, as it may change it."""
    counts: list[int] = []
    all_homes = [homes[0], *homes]  # the first one to load and to cache
    for number, home in enumerate(all_homes):
        settled_copy(home.folder, tmp_path / str(number))
    time.sleep(SETTLING_SECONDS)
    for number, home in enumerate(all_homes):
        folder = tmp_path / "home"
        (tmp_path / str(number)).rename(folder)
        for variable, value in worlds.environment(folder).items():
            monkeypatch.setenv(variable, value)

        def act(home: Home = home, folder: Path = folder) -> None:
            try:
                if callable(action):
                    action(App(), home.last)
                    return
                words = [
                    word.replace("LAST", home.last)
                    .replace("HOME", str(folder))
                    .replace("${IFS}", " ")
                    for word in action.split()
                ]
                main(words)
            except (Ended, keystead.KeysteadError):
                pass

        count = counted(act)
        if number:
            counts.append(count)
        shutil.rmtree(folder)
    return counts


def settled_copy(source: Path, target: Path) -> None:
    """A copy whose files were written long ago: a file of this moment is read more than once."""
    shutil.copytree(source, target)
    for path in target.rglob("*"):
        os.utime(path, (0, 0), follow_symlinks=False)


def test_each_command_has_a_row() -> None:
    names = {name for name in MODULES if row(name).run}
    counted_names = {label.partition(" (")[0].partition(" --")[0] for label in COMMANDS}
    assert counted_names | UNCOUNTED.keys() == names


@pytest.mark.parametrize("store", ["shared_files", "encrypted_store"])
@pytest.mark.parametrize("label", [*COMMANDS, *OPERATIONS])
def test_it_grows_no_faster_than_its_work(  # noqa: PLR0917  # fixtures
    label: str,
    store: str,
    homes: dict[str, list[Home]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = {**COMMANDS, **OPERATIONS}[label]
    due = found.shared if store == "shared_files" else found.encrypted
    counts = growth(found.action, homes[store], tmp_path, monkeypatch)
    capsys.readouterr()  # it has the keys of profiles
    assert fits(counts, due), counts


def fits(counts: list[int], due: str, sizes: tuple[int, ...] = SIZES) -> bool:
    """Whether the counts for ``sizes`` grow no faster than is due."""
    small, middle, large = counts
    slack = 200 + small // 50 + sizes[2] // 10  # files are read in blocks of hundreds of lines
    if due == NONE:
        return large - small <= slack
    steps = (sizes[2] - sizes[1]) / (sizes[1] - sizes[0])
    return large - middle <= 1.3 * steps * max(middle - small, 0) + slack


@pytest.mark.parametrize("shape", [*shapes.CONFIGS, *shapes.STATES])
def test_no_shape_of_files_grows_faster_than_its_size(
    shape: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    homes = [Home(tmp_path / str(size), "") for size in SHAPED_SIZES]
    for home, size in zip(homes, SHAPED_SIZES, strict=True):
        shapes.shaped(shape, home.folder, size)
    grown: dict[str, list[int]] = {}
    for action in STATES if shape in shapes.STATES else SHAPED:
        counts = growth(action, homes, tmp_path, monkeypatch)
        if not fits(counts, LINEAR, SHAPED_SIZES):
            grown[action] = counts
    capsys.readouterr()
    assert not grown
