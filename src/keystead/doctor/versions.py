"""The check of versions."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from keystead._version import __version__
from keystead.app import App
from keystead.doctor.result import Result, ok, problem

_LIBRARIES = ("boto3", "botocore", "cryptography", "keyring")


def versions(app: App) -> Iterator[Result]:
    """keystead, Python, the platform, the libraries and the AWS CLI."""
    machine = f"{platform.system()} {platform.machine()}"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    yield ok(f"keystead {__version__}, {python}, {machine}")
    found: list[str] = []
    for library in _LIBRARIES:
        try:
            found.append(f"{library} {version(library)}")
        except PackageNotFoundError:
            yield problem(f"the library {library} is not installed", "reinstall keystead")
    yield ok(", ".join(found))
    cli = app.system.program("aws")
    yield ok(f"AWS CLI: {cli}" if cli else "there is no AWS CLI on PATH; keystead does not need it")
