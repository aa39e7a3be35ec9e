"""Opening a page in the user's browser: the default one, or one by name, profile or container.

A page that needs a secret in its address is opened by `Pages.redirect_once`, as arguments of
programs can be read by every user of the machine.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from urllib.parse import quote

from keystead import caller
from keystead.errors import KeysteadError, UsageError
from keystead.system import System, daemon
from keystead.value import NamedTuple, Value

_SECONDS = 30.0
"""How long an opener is waited for; one that still runs then is the browser itself."""


class _Program(NamedTuple):
    """A browser: its programs on Linux, its application on macOS, its file on Windows, and the
    folders of its profiles there, below the user's configuration; empty for one that has none.
    """

    names: Sequence[str]
    application: str
    file: str = ""
    folders: tuple[str, str, str] | None = None


BROWSERS: Mapping[str, _Program] = {
    "firefox": _Program(("firefox", "firefox-esr"), "Firefox", "firefox.exe"),
    "chrome": _Program(
        ("google-chrome", "google-chrome-stable"),
        "Google Chrome",
        "chrome.exe",
        ("google-chrome", "Google/Chrome", "Google/Chrome/User Data"),
    ),
    "chromium": _Program(
        ("chromium", "chromium-browser"),
        "Chromium",
        "chromium.exe",
        ("chromium", "Chromium", "Chromium/User Data"),
    ),
    "edge": _Program(
        ("microsoft-edge", "microsoft-edge-stable"),
        "Microsoft Edge",
        "msedge.exe",
        ("microsoft-edge", "Microsoft Edge", "Microsoft/Edge/User Data"),
    ),
    "brave": _Program(
        ("brave-browser", "brave"),
        "Brave Browser",
        "brave.exe",
        (
            "BraveSoftware/Brave-Browser",
            "BraveSoftware/Brave-Browser",
            "BraveSoftware/Brave-Browser/User Data",
        ),
    ),
    "vivaldi": _Program(
        ("vivaldi", "vivaldi-stable"),
        "Vivaldi",
        "vivaldi.exe",
        ("vivaldi", "Vivaldi", "Vivaldi/User Data"),
    ),
    "safari": _Program((), "Safari"),
}
"""Browsers by the names of ``--browser``."""


class Browser(Value):
    """A browser by its name in `BROWSERS`, None for the default one.

    ``profile`` is one of its profiles, and ``container`` a container of Firefox by the extension
    "Open external links in a container".
    """

    name: str | None = None
    profile: str | None = None
    container: str | None = None

    def __post_init__(self) -> None:
        name = self.name
        if self.container is not None and name not in {None, "firefox"}:
            raise UsageError(f"containers are a feature of Firefox, not of `{name}`")
        if self.profile is not None and (name is None or name == "safari"):
            raise UsageError(
                "--browser-profile needs --browser with a browser that has profiles",
                hint="add --browser firefox, or another one",
            )

    def address(self, url: str) -> str:
        """The address that opens ``url`` in the container, else ``url``."""
        if self.container is None:
            return url
        name, target = (quote(text, safe="") for text in (self.container, url))
        return f"ext+container:name={name}&url={target}"


class Opening:
    """A browser that is being opened by the first of ``commands`` that succeeds."""

    def __init__(self, environ: Mapping[str, str], commands: Iterable[list[str]]) -> None:
        self._environ = environ
        self._commands = commands
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._failed = False
        self._thread.start()

    def has_failed(self) -> bool:
        """Whether it is known by now that none opened."""
        return self._failed

    def _run(self) -> None:
        with suppress(ValueError):  # a quote in BROWSER that is not closed
            for command in self._commands:
                with suppress(OSError):
                    if daemon.start(command, self._environ, b"", seconds=_SECONDS) in {0, None}:
                        return
        self._failed = True


def open_page(system: System, url: str, browser: Browser | None = None) -> Opening:
    """Starts to open ``url``. Other processes do it, with no terminal and no output.

    Raises `KeysteadError` where the ``browser`` that is named is not installed.
    """
    caller.process.require_own_process()
    browser = browser or Browser()
    name = "firefox" if browser.container is not None else browser.name
    commands: Iterable[list[str]] = _default(system, url)
    if name is not None:
        found = _named(system, name, browser, browser.address(url))
        if found is None:
            raise KeysteadError(
                f"the browser `{name}` is not installed, or not in PATH",
                id="browser-missing",
                hint="name another one with --browser, or leave it out for the default one",
            )
        commands = [found]
    own = ("AWS_", "KEYSTEAD_")  # a browser needs none of them
    environ = {name: text for name, text in system.environ.items() if not name.startswith(own)}
    return Opening(environ, commands)


def _default(system: System, url: str) -> Iterator[list[str]]:
    """The commands to try: those of the variable BROWSER, else those of the system."""
    environ = system.environ
    given = environ.get("BROWSER")
    if given:
        for text in filter(None, given.split(os.pathsep)):
            words = [word.strip('"') for word in shlex.split(text, posix=os.name == "posix")]
            if words[-1:] == ["&"]:  # Python's mark of a command to leave running, as all are here
                words.pop()
            has_place = any("%s" in word for word in words)
            yield [word.replace("%s", url) for word in words] if has_place else [*words, url]
    elif sys.platform == "darwin":
        yield ["open", url]
    elif sys.platform == "win32":
        yield ["rundll32", "url.dll,FileProtocolHandler", url]
    else:
        for words in (["xdg-open"], ["gio", "open"], ["sensible-browser"], ["x-www-browser"]):
            yield from _found(system, [*words, url])
        for program in BROWSERS.values():
            for name in program.names:
                yield from _found(system, [name, url])


def _found(system: System, command: list[str]) -> Iterator[list[str]]:
    path = system.program(command[0])
    if path:
        yield [path, *command[1:]]


def _named(system: System, name: str, browser: Browser, url: str) -> list[str] | None:
    program = BROWSERS[name]
    options: list[str] = []
    if browser.profile is not None:
        if program.folders is None:
            options = ["-P", browser.profile]
        else:
            options = [f"--profile-directory={_profile_folder(system, program, browser.profile)}"]
    if sys.platform == "darwin":
        ways = ["-na", program.application, "--args", *options] if options else None
        return ["open", *(ways or ["-a", program.application]), url]
    found = _path(system, program)
    return [found, *options, url] if found else None


def _profile_folder(system: System, program: _Program, profile: str) -> str:
    """The folder of the profile that the browser shows under that name, else the name itself."""
    linux, mac, windows = program.folders or ("", "", "")
    folders = system.folders
    if sys.platform == "darwin":
        place = folders.home / "Library" / "Application Support" / mac
    elif sys.platform == "win32":
        place = folders.expand(system.environ.get("LOCALAPPDATA", "~/AppData/Local")) / windows
    else:
        place = folders.expand(system.environ.get("XDG_CONFIG_HOME") or "~/.config") / linux
    with suppress(KeysteadError, ValueError, AttributeError, RecursionError):
        state = json.loads(system.files.read(place / "Local State").data or b"{}")
        for folder, row in state.get("profile", {}).get("info_cache", {}).items():
            if row.get("name") == profile:
                return str(folder)
    return profile


if sys.platform == "win32":

    def _path(system: System, program: _Program) -> str | None:
        """Where the program is, as it is registered with Windows."""
        del system
        import winreg

        key = rf"SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\{program.file}"
        for root in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
            with suppress(OSError):
                return str(winreg.QueryValue(root, key))
        return None

else:

    def _path(system: System, program: _Program) -> str | None:
        """Where the program is, by PATH."""
        return next(filter(None, map(system.program, program.names)), None)
