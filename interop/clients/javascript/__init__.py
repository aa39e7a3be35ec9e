"""The AWS SDK for JavaScript, version 3."""

from pathlib import Path

from interop.client import CACHES, Client, call


def _fetch(folder: Path) -> None:
    call(["npm", "ci", "--ignore-scripts"], folder, npm_config_cache=CACHES / "npm")


CLIENT = Client(
    name="javascript",
    title="AWS SDK for JavaScript v3",
    package="npm @aws-sdk/credential-providers",
    needs={"node": "Node.js 20 or newer", "npm": "npm"},
    fetch=_fetch,
    command=lambda folder: ["node", str(folder / "identity.js")],
    version=lambda folder: ["node", str(folder / "identity.js"), "version"],
)
