"""The AWS SDK for .NET, version 4, as the program `aws-sdk-net.sh` runs it."""

import sys

from devtools.command import USER_CACHE
from interop.client import SOURCES, Client

PROGRAM = "aws-sdk-net.sh"
_WHOAMI = f'STS_URL="$AWS_ENDPOINT_URL" exec {PROGRAM} "$@" whoami -'


def client(name: str, title: str, *version: str) -> Client:
    """A version of the SDK; ``version`` is the program's own argument for it."""
    command = ["sh", "-c", _WHOAMI, PROGRAM, *version]
    return Client(
        name=name,
        title=title,
        package="NuGet AWSSDK.SecurityToken",
        needs={PROGRAM: "a program of that name that calls the AWS SDK for .NET"},
        fetch=lambda _: None,
        command=lambda _: command,
        version=lambda _: [sys.executable, str(SOURCES / "dotnet" / "version.py"), *command],
        environ=USER_CACHE,
    )


CLIENT = client("dotnet", "AWS SDK for .NET v4")
