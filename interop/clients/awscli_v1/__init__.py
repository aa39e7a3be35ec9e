"""The AWS CLI, version 1."""

from interop.client import Client, python_packages

CLIENT = Client(
    name="awscli_v1",
    title="AWS CLI v1",
    package="PyPI awscli",
    fetch=python_packages,
    command=lambda folder: [str(folder / "venv/bin/aws"), "sts", "get-caller-identity"],
    version=lambda folder: [str(folder / "venv/bin/aws"), "--version"],
)
