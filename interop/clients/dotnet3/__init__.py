"""The AWS SDK for .NET, version 3.7, which searches in another order."""

from interop.clients.dotnet import client

CLIENT = client("dotnet3", "AWS SDK for .NET v3", "3")
