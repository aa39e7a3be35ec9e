"""The clients, each in a folder with its pinned versions and, where it takes one, a program."""

from interop.client import Client
from interop.clients import (
    awscli_v1,
    awscli_v2,
    boto3,
    curl,
    go,
    java,
    javascript,
    rclone,
    rust,
)

CLIENTS: tuple[Client, ...] = tuple(
    module.CLIENT
    for module in (boto3, awscli_v1, awscli_v2, javascript, go, java, rust, rclone, curl)
)
