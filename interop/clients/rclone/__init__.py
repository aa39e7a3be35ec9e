"""rclone, which lists the buckets of S3."""

from interop.client import Client, go_program

CLIENT = Client(
    name="rclone",
    title="rclone",
    package="Go module github.com/rclone/rclone",
    needs={"go": "Go 1.26 or newer"},
    fetch=go_program,
    command=lambda folder: [str(folder / "identity"), "lsd", "interop:"],
    version=lambda folder: [str(folder / "identity"), "version"],
    operation="ListBuckets",
    environ={
        "RCLONE_CONFIG_INTEROP_TYPE": "s3",
        "RCLONE_CONFIG_INTEROP_PROVIDER": "AWS",
        "RCLONE_CONFIG_INTEROP_ENV_AUTH": "true",
        "RCLONE_LOW_LEVEL_RETRIES": "1",
        "RCLONE_RETRIES": "1",
    },
)
