"""``python -m benchmarks.cmdlets [ROUNDS]``: times cmdlets, writes docs/benchmarks-cmdlets.md."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks import peers
from benchmarks.rounds import rounds
from devtools.command import KEYSTEAD, clean_environ
from devtools.emulators import moto

ROUNDS = rounds(9)
DOCS = Path(__file__).parent.parent / "docs"
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}


def main() -> None:
    """Run everything; takes a minute."""
    with tempfile.TemporaryDirectory() as name, moto() as emulator:
        folder = Path(name)
        environ = {
            **clean_environ(os.environ),
            **KEYS,
            "HOME": name,
            "KEYSTEAD_HOME": str(folder / "keystead"),
            "AWS_ENDPOINT_URL": emulator.upstream,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            # Compile the checkout, as an installation would be.
            "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
        }
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        aws = peers.aws_cli_1()
        commands: dict[str, Sequence[str]] = {
            "keystead Get-STSCallerIdentity": (KEYSTEAD, "Get-STSCallerIdentity"),
            "keystead Get-S3Bucket": (KEYSTEAD, "Get-S3Bucket"),
            "keystead Get-EC2Region": (KEYSTEAD, "Get-EC2Region"),
            "keystead Get-Help Get-EC2Instance": (KEYSTEAD, "Get-Help", "Get-EC2Instance"),
        }
        if aws:
            commands["aws sts get-caller-identity"] = (str(aws), "sts", "get-caller-identity")
            commands["aws s3api list-buckets"] = (str(aws), "s3api", "list-buckets")
            commands["aws ec2 describe-regions"] = (str(aws), "ec2", "describe-regions")
        actions = {label: _command(words, environ) for label, words in commands.items()}
        (DOCS / "benchmarks-cmdlets.md").write_text(_page(_time(actions)))


def _command(words: Sequence[str], environ: Mapping[str, str]) -> Callable[[], object]:
    return lambda: subprocess.run(
        words, env=environ, check=True, capture_output=True, stdin=subprocess.DEVNULL
    )


def _time(actions: Mapping[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Milliseconds; each action once per round, after a warm-up."""
    taken: dict[str, list[float]] = {label: [] for label in actions}
    for number in range(ROUNDS + 1):
        for label, action in actions.items():
            start = time.perf_counter()
            action()
            if number:
                taken[label].append((time.perf_counter() - start) * 1000)
    return taken


def _ratio(times: Mapping[str, list[float]], ours: str, other: str) -> str:
    if other not in times:
        return f"| `{ours}` | the AWS CLI could not be installed |"
    within = (own / theirs for own, theirs in zip(times[ours], times[other], strict=True))
    return f"| `{ours}` against `{other}` | {statistics.median(within):.2f} |"


def _page(times: Mapping[str, list[float]]) -> str:
    pairs = (
        ("keystead Get-STSCallerIdentity", "aws sts get-caller-identity"),
        ("keystead Get-S3Bucket", "aws s3api list-buckets"),
        ("keystead Get-EC2Region", "aws ec2 describe-regions"),
    )
    ratios = "\n".join(_ratio(times, *pair) for pair in pairs)
    rows = "\n".join(
        f"| `{label}` | {statistics.median(found):,.0f} |" for label, found in times.items()
    )
    return f"""# Benchmarks of service cmdlets

<!-- Written by `make bench`. -->

A cmdlet on the command line against the same operation of the AWS CLI 1, both from the start of
Python to the answer of an emulator on the same machine. Each number is the median of {ROUNDS}
rounds in which all took turns; a ratio is the median of those within a round, on a machine with
{os.cpu_count()} processors that did other work meanwhile.

| | times as long |
| --- | ---: |
{ratios}

| | milliseconds |
| --- | ---: |
{rows}

Only the model of the service asked for is read. Most of what remains is Python's start and the
loading of botocore, which both need.
"""


if __name__ == "__main__":
    main()
