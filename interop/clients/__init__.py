"""The clients, each in a folder with its pinned versions and, where it takes one, a program."""

from interop.client import Client
from interop.clients import (
    awscli_v1,
    awscli_v2,
    boto3,
    curl,
    dotnet,
    dotnet3,
    go,
    java,
    javascript,
    powershell,
    rclone,
    rust,
)

CLIENTS: tuple[Client, ...] = (
    boto3.CLIENT,
    awscli_v1.CLIENT,
    awscli_v2.CLIENT,
    javascript.CLIENT,
    go.CLIENT,
    java.CLIENT,
    dotnet.CLIENT,
    dotnet3.CLIENT,
    rust.CLIENT,
    powershell.CLIENT,
    rclone.CLIENT,
    curl.CLIENT,
)
