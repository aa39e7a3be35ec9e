"""curl, which signs and can ask the endpoints, in a shell script that looks for credentials."""

from interop.client import Client

CLIENT = Client(
    name="curl",
    title="curl --aws-sigv4",
    package="Debian curl",
    needs={"curl": "curl"},
    fetch=lambda _: None,
    command=lambda folder: ["sh", str(folder / "identity.sh")],
    version=lambda _: ["curl", "--version"],
    cannot=dict.fromkeys(("process", "launcher"), "reads no profile"),
)
