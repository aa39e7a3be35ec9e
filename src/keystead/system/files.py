"""Files: bounded reads, locks between writers, and atomic replacement.

During `Files.replace` and after any crash, a reader sees the old bytes or the new bytes.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Callable, Iterator
from itertools import takewhile
from types import ModuleType

from keystead.errors import FileProblem, Origin
from keystead.system.file_lock import locked
from keystead.system.file_versions import FileVersion
from keystead.system.folders import is_homeless, require_home, unexpanded
from keystead.system.path import Path
from keystead.system.pipe import read_pipe
from keystead.system.private import open_private
from keystead.system.sharing_violation import retry_on_sharing_violation
from keystead.system.status import Access, access, kind, problem, status_of
from keystead.value import NamedTuple, Protocol

MAX_BYTES = 64 * 1024 * 1024
"""Larger files are refused; 100,000 profiles need less than half of it."""

LOCK_SECONDS = 60.0
"""How long a writer waits for the lock."""


class Snapshot(NamedTuple):
    """The bytes of a file and their version; both None for no file.

    The null device has empty bytes and no version.
    """

    data: bytes | None
    version: FileVersion | None


class Changed(Exception):
    """The file changed since it was read; nothing was written."""


class OsCalls(Protocol):
    """The system calls of a write, so that a test can make each one fail."""

    def open(self, path: str, flags: int, mode: int = ..., /) -> int: ...
    def write(self, fd: int, data: memoryview, /) -> int: ...
    def fsync(self, fd: int, /) -> None: ...
    def close(self, fd: int, /) -> None: ...
    def replace(self, src: str, dst: str, /) -> None: ...
    def unlink(self, path: str, /) -> None: ...


class Files:
    """Reads and replaces files, with the system calls of ``calls``."""

    dry = False
    """Whether writes are only recorded, so that no store has to be unlocked for them."""

    def __init__(self, calls: OsCalls | ModuleType = os) -> None:
        self._os = calls
        self._latest: dict[Path, tuple[Snapshot, bool]] = {}
        self._written: dict[Path, FileVersion] = {}

    def current(self, path: Path, *, private: bool = False) -> Snapshot:
        """As `read`, but what this object read or wrote is not read again while it is the same."""
        latest = self._latest.get(path)
        if latest and (latest[1] or not private) and latest[0].version == FileVersion.at(path):
            return latest[0]
        self._latest.pop(path, None)
        found = self.read(path, private=private)
        if found.version is None or found.version.is_settled():
            self._latest[path] = found, private
        return found

    def wrote(self, path: Path, snapshot: Snapshot) -> bool:
        """Whether the snapshot of the file is what this object wrote, so that it is whole."""
        return snapshot.version is not None and snapshot.version == self._written.get(path)

    def read(self, path: Path, *, private: bool = False) -> Snapshot:
        """The file's bytes and version.

        Raises `FileProblem` for anything but a readable regular file of up to `MAX_BYTES`, and
        with ``private`` `Exposed` for a file that other users can read or replace.
        """
        if is_homeless(path):
            return Snapshot(None, None)
        try:
            opener = open_private if private else _opener
            with retry_on_sharing_violation(open, path, "rb", opener=opener) as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    if _is_null_device(path):
                        return Snapshot(b"", None)  # AWS_CONFIG_FILE=/dev/null is common
                    raise FileProblem(
                        f"cannot be read: it is {kind(status)}, not a file",
                        hint="name a file; write a program's output to a file first",
                        where=Origin(str(path)),
                    )
                data = b"" if status.st_size > MAX_BYTES else file.read(status.st_size + 1)
                if len(data) > status.st_size:  # it is growing, or its size is not known
                    data += file.read(MAX_BYTES + 1 - len(data))
                if max(status.st_size, len(data)) > MAX_BYTES:
                    raise FileProblem(
                        f"the file is larger than the limit of {MAX_BYTES // 2**20} MiB",
                        id="file-too-large",
                        where=Origin(str(path)),
                    )
                return Snapshot(data, FileVersion.of(status))
        except FileNotFoundError:
            return Snapshot(None, None)
        except ValueError as error:  # an invalid name
            raise FileProblem(
                "cannot be read: the system does not allow such a file name"
            ) from error
        except OSError as error:
            raise problem("cannot be read", path, error) from error

    def version(self, path: Path) -> FileVersion | None:
        """The current version, None for no file. Raises `OSError`."""
        status = status_of(path)
        return FileVersion.of(status) if status else None

    def read_pipe(self, path: Path) -> bytes | None:
        """See `pipe.read_pipe`."""
        return read_pipe(path)

    def access(self, path: Path, *, folder: bool = False) -> Access:
        """See `status.access`."""
        return access(path, folder=folder)

    @contextlib.contextmanager
    def lock(
        self, path: Path, seconds: float = LOCK_SECONDS, until: Callable[[], bool] = bool
    ) -> Iterator[None]:
        """Holds the writers' lock of ``path`` across processes; waits ``seconds`` for it.

        It is the operating system's lock on a separate file in the same folder. Raises `NotNeeded`
        as soon as ``until`` is true while another program has it.
        """
        target = resolve(path)
        _check_writable(path, target)
        with contextlib.ExitStack() as stack:
            try:
                _make_folders(target.parent)
                stack.enter_context(locked(_sibling(target, "lock"), _open_lock, seconds, until))
            except BlockingIOError as error:
                raise FileProblem(
                    f"another program has held the lock for {seconds:.0f} seconds",
                    id="file-locked",
                    hint="wait for the other keystead to finish, then try again",
                    where=Origin(str(path)),
                ) from error
            except OSError as error:
                raise problem("cannot be locked for writing", path, error) from error
            yield

    def replace(
        self, path: Path, data: bytes, *, expect: FileVersion | None, private: bool
    ) -> FileVersion | None:
        """Atomically replaces the file by ``data``; the caller holds `lock`.

        Raises `Changed` unless the current version is ``expect`` (None: no file). A symbolic link
        is followed. The new file is created with mode 0600 and gets the old one's owner and, unless
        ``private``, its mode. Returns the version of the new file; None in a dry run.
        """
        target = resolve(path)
        _check_writable(path, target)
        self._sweep(target)
        try:
            written = self._replace(target, data, expect=expect, private=private)
        except OSError as error:
            raise problem("cannot be written", path, error) from error
        try:
            self._sync_folder(target.parent)
        except OSError as error:
            what = "was written and may be lost in a power failure, as its folder cannot be flushed"
            raise problem(what, path, error) from error
        self._written[path] = written
        if path in self._latest:
            self._latest[path] = Snapshot(data, written), private
        return written

    def require_writable(self, path: Path, size: int) -> None:
        """Raises `FileProblem` unless `replace` could write ``size`` bytes now.

        For what is lost where it cannot be written, such as the answer to a request that is not
        to be sent twice. The caller holds `lock`.
        """
        target = resolve(path)
        _check_writable(path, target)
        temporary = str(_sibling(target, f"{os.urandom(6).hex()}.tmp"))
        try:
            try:
                self._create(temporary, bytes(size))
            finally:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
        except OSError as error:
            raise problem("cannot be written", path, error) from error

    def put(self, path: Path, data: bytes) -> None:
        """Atomically writes data that can be regenerated, without a lock or fsync.

        The last writer wins. Raises `FileProblem`.
        """
        temporary = str(_sibling(path, f"{os.urandom(6).hex()}.tmp"))
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _CLOEXEC | _BINARY
        try:
            _make_folders(path.parent)
            try:
                with os.fdopen(self._os.open(temporary, flags, 0o600), "wb") as file:
                    file.write(data)
                retry_on_sharing_violation(self._os.replace, temporary, str(path))
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
                raise
        except OSError as error:
            raise problem("cannot be written", path, error) from error

    def remove(self, path: Path, *, expect: FileVersion | None) -> None:
        """Removes the file, and what killed writers left of it. The caller holds `lock`.

        Raises `Changed` unless it is ``expect``.
        """
        target = resolve(path)

        def unlink() -> None:
            if self.version(target) != expect:
                raise Changed
            self._os.unlink(str(target))

        try:
            if self.version(target) != expect:
                raise Changed
            self._sweep(target)
            if expect:
                retry_on_sharing_violation(unlink)
                self._sync_folder(target.parent)
        except OSError as error:
            raise problem("cannot be removed", path, error) from error

    def remove_any(self, path: Path) -> None:
        """Removes the file whatever its version is. The caller holds `lock`."""
        while True:
            with contextlib.suppress(Changed):
                return self.remove(path, expect=FileVersion.at(path))

    def _replace(
        self, target: Path, data: bytes, *, expect: FileVersion | None, private: bool
    ) -> FileVersion:
        def swap() -> None:
            # Before each try: the program that had the file open may have written it.
            if self.version(target) != expect:
                raise Changed
            self._os.replace(temporary, str(target))

        temporary = str(_sibling(target, f"{os.urandom(6).hex()}.tmp"))
        try:
            written = self._create(temporary, data, like=status_of(target), private=private)
            retry_on_sharing_violation(swap)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        now = FileVersion.at(target)  # replacing it changed its status
        return now if now and now[:-1] == written[:-1] else written

    def _create(
        self, path: str, data: bytes, *, like: os.stat_result | None = None, private: bool = True
    ) -> FileVersion:
        """Writes and flushes a new file, with the owner and mode of ``like``."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _CLOEXEC | _BINARY
        fd = self._os.open(path, flags, 0o600)
        try:
            view = memoryview(data)
            while view:
                view = view[self._os.write(fd, view) :]
            if like is not None:
                _inherit(fd, like, private=private)
            self._os.fsync(fd)
            return FileVersion.of(os.fstat(fd))
        finally:
            self._os.close(fd)

    def _sync_folder(self, folder: Path) -> None:
        if os.name != "posix":  # Windows cannot flush a folder
            return
        fd = self._os.open(str(folder), os.O_RDONLY | _CLOEXEC)
        try:
            self._os.fsync(fd)
        finally:
            self._os.close(fd)

    def _sweep(self, target: Path) -> None:
        """Removes temporary files of killed writers; the lock excludes running ones."""
        prefix = _sibling(target, "").name
        with contextlib.suppress(OSError), os.scandir(target.parent) as entries:
            for entry in entries:
                if entry.name.startswith(prefix) and entry.name.endswith(".tmp"):
                    with contextlib.suppress(OSError):
                        os.unlink(entry.path)


def resolve(path: Path) -> Path:
    """The target of a symbolic link, so that the target is replaced and not the link."""
    try:
        return Path(os.path.realpath(path))
    except (ValueError, OSError) as error:  # an invalid name, or a loop of links
        raise FileProblem(
            "cannot be written: the system does not allow such a file name"
        ) from error


_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_SYSTEMS_OWN = ("/proc/", "/sys/", "/dev/")
"""Where files cannot be created; `/dev/fd/9` leads there too. `/dev/shm` holds regular files."""

_CLOEXEC = getattr(os, "O_CLOEXEC", 0)
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
_BINARY = getattr(os, "O_BINARY", 0)  # without it Windows turns each line feed into two characters


def _make_folders(folder: Path) -> None:
    """Makes ``folder`` and its missing parents with mode 0700."""
    missing: list[Path] = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for made in reversed(missing):
        with contextlib.suppress(FileExistsError):  # another process made it
            os.mkdir(made, mode=0o700)


def _opener(path: str, flags: int) -> int:
    # Opening a pipe would block until it has a writer.
    return os.open(path, flags | _NONBLOCK)


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | _NOFOLLOW | _CLOEXEC | _NONBLOCK, 0o600)


def _is_null_device(path: Path) -> bool:
    found, null = (os.path.realpath(name) for name in (path, os.devnull))
    return os.path.normcase(found) == os.path.normcase(null)


def _sibling(target: Path, suffix: str) -> Path:
    return target.parent / f".{target.name}.keystead.{suffix}"


def _check_new_names(path: Path, target: Path) -> None:
    """Refuses to create files named `$HOME` or the like."""
    missing = takewhile(lambda each: not os.path.lexists(each), (target, *target.parents))
    part = next(filter(None, (unexpanded(each.name) for each in missing)), None)
    if part:
        raise FileProblem(
            f"cannot be written: `{part}` in its name is not expanded",
            where=Origin(str(path)),
            hint="write the path in full",
        )


def _check_writable(path: Path, target: Path) -> None:
    """Refuses what cannot be replaced: a read-only file, a folder, a device such as /dev/null."""
    require_home(path)
    if str(target).startswith(_SYSTEMS_OWN) and target.parts[2] != "shm":
        raise FileProblem(
            f"cannot be written: files cannot be created in /{target.parts[1]}",
            where=Origin(str(path)),
            hint="name a file",
        )
    try:
        status = status_of(target)
    except OSError as error:
        raise problem("cannot be written", path, error) from error
    if status is None:
        _check_new_names(path, target)
        return
    if not stat.S_ISREG(status.st_mode):
        raise FileProblem(
            f"cannot be written: it is {kind(status)}, not a file",
            where=Origin(str(path)),
            hint="name a file",
        )
    if not os.access(target, os.W_OK):
        raise FileProblem(
            "cannot be written: the file is read-only",
            where=Origin(str(path)),
            hint="make it writable for its owner first",
        )


def _inherit(fd: int, original: os.stat_result, *, private: bool) -> None:
    if sys.platform != "win32":
        mode = stat.S_IMODE(original.st_mode) & (0o600 if private else 0o777)
        made = os.fstat(fd)
        if (original.st_uid, original.st_gid) != (made.st_uid, made.st_gid):
            os.fchown(fd, original.st_uid, original.st_gid)
        os.fchmod(fd, mode)
