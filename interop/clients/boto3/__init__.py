"""boto3."""

from interop.client import Client, python_packages

CLIENT = Client(
    name="boto3",
    title="boto3",
    package="PyPI boto3",
    fetch=python_packages,
    command=lambda folder: [str(folder / "venv/bin/python"), str(folder / "identity.py")],
    version=lambda folder: [
        str(folder / "venv/bin/python"),
        str(folder / "identity.py"),
        "version",
    ],
)
