"""The AWS SDK for Rust.

There is no lock file, as it contains a registry's address: the SDK's crates are pinned, and their
dependencies are the newest compatible ones.
"""

from pathlib import Path

from interop.client import Client, call


def _fetch(folder: Path) -> None:
    call(["cargo", "build", "--quiet", "--jobs", "1"], folder)


CLIENT = Client(
    name="rust",
    title="AWS SDK for Rust",
    package="Rust crate aws-sdk-sts",
    needs={"cargo": "Rust 1.94 or newer"},
    fetch=_fetch,
    command=lambda folder: [str(folder / "target/debug/identity")],
    version=lambda folder: [str(folder / "target/debug/identity"), "version"],
)
