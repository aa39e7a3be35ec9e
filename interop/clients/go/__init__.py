"""The AWS SDK for Go, version 2."""

from interop.client import Client, go_program

CLIENT = Client(
    name="go",
    title="AWS SDK for Go v2",
    package="Go module github.com/aws/aws-sdk-go-v2",
    needs={"go": "Go 1.24 or newer"},
    fetch=go_program,
    command=lambda folder: [str(folder / "identity")],
    version=lambda folder: [str(folder / "identity"), "version"],
)
