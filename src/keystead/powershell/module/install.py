"""Installs the PowerShell module into a folder of modules, and lists these folders."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from keystead.errors import FileProblem, Origin, UsageError
from keystead.powershell.module.files import MARK, NAME, files, version
from keystead.system import System

_HEAD = 200
"""The number of bytes that are searched for keystead's mark."""


def module_folders(system: System) -> list[Path]:
    """The folders of modules of this user and those named by PSModulePath, the first one first."""
    named = system.environ.get("PSModulePath", "")
    own: list[Path] = []
    if sys.platform == "win32":
        import platformdirs

        documents = Path(platformdirs.user_documents_dir())
        own = [documents / "PowerShell" / "Modules", documents / "WindowsPowerShell" / "Modules"]
    else:
        data = system.environ.get("XDG_DATA_HOME")
        base = Path(data) if data else system.folders.home / ".local" / "share"
        own = [base / "powershell" / "Modules"]
    others = (Path(part) for part in named.split(os.pathsep) if part)
    return list(dict.fromkeys([*own, *others]))


def program(system: System) -> str:
    """The path of this keystead as a command. Raises `UsageError` if there is none."""
    name = "keystead.exe" if sys.platform == "win32" else "keystead"
    neighbour = Path(sys.executable).with_name(name) if sys.executable else Path(name)
    own = os.path.abspath(sys.argv[0])
    started = shutil.which(own) if Path(own).stem == "keystead" else None
    found = started or shutil.which(str(neighbour)) or system.program("keystead")
    if not found:
        raise UsageError(
            "the command `keystead` was not found, only the library",
            id="command-not-installed",
            hint="install keystead with pip, pipx or uv, which install the command",
        )
    return os.path.abspath(found)


def install(system: System, folder: Path, services: Sequence[str]) -> tuple[Path, bool]:
    """Writes the module below ``folder``: where it is now, and whether anything changed.

    Files are replaced atomically, the manifest last. Raises `FileProblem` for a file there
    that keystead did not write, before anything is written, and `UsageError` for an unknown
    service.
    """
    target = Path(os.path.abspath(folder)) / NAME / version()
    made = files(services, program(system))
    for name in made:
        data = system.files.read(target / name).data
        if data is not None and MARK.encode() not in data[:_HEAD]:
            raise FileProblem(
                "the file was not written by keystead, and is not replaced",
                id="file-not-created-by-keystead",
                where=Origin(str(target / name)),
                hint="move it away, or name another folder",
            )
    return target, _write(system, target, made)


def _write(system: System, target: Path, made: Mapping[str, bytes]) -> bool:
    changed = False
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        hint = "name a writable folder, such as one that `keystead powershell-module` lists"
        raise FileProblem(
            f"the folder cannot be created: {reason}", where=Origin(str(target)), hint=hint
        ) from None
    # A lock next to the files would be a file of the module.
    with system.files.lock(system.folders.state / "powershell-module"):
        for name, data in made.items():
            snapshot = system.files.read(target / name)
            if snapshot.data != data:
                system.files.replace(target / name, data, expect=snapshot.version, private=False)
                if snapshot.version is None:
                    os.chmod(target / name, 0o644)  # no secret is in it, and others may use it
                changed = True
    return changed
