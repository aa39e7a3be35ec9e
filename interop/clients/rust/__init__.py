"""The AWS SDK for Rust.

Cargo's lock file names a registry's address, so there is none here: the SDK's own crates are pinned
and what they need is the newest that fits.
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
