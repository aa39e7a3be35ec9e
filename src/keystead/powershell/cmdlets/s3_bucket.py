"""``Get-S3Bucket``, which can list a single bucket, unlike the operations of S3."""

from __future__ import annotations

from collections.abc import Iterable

from keystead.powershell.cmdlet import Cmdlet, Parameter, Values
from keystead.powershell.engine.state import State
from keystead.powershell.objects import AwsObject
from keystead.powershell.services.parameters import AS_JSON, SERVICE_PARAMETERS, UNSUPPORTED
from keystead.powershell.services.response import as_json
from keystead.powershell.services.run import call_once


def get_s3_bucket(state: State, values: Values) -> Iterable[object]:
    """``Get-S3Bucket``: the buckets, or the one that is named."""
    answer = call_once(state, values, "s3", "ListBuckets", {})
    wanted = values.get("BucketName")
    found = [
        {"CreationDate": bucket.get("CreationDate"), "BucketName": bucket.get("Name")}
        for bucket in answer.get("Buckets", [])
        if not wanted or bucket.get("Name") == wanted
    ]
    return (as_json(found),) if values.get("AsJson") else map(AwsObject, found)


CMDLETS = (
    Cmdlet(
        "Get-S3Bucket",
        "the S3 buckets",
        (Parameter("BucketName", "only this bucket", position=0), AS_JSON, *SERVICE_PARAMETERS),
        get_s3_bucket,
        outputs=lambda: ("CreationDate", "BucketName"),
        aliases=("List-S3Buckets",),
        refused=UNSUPPORTED,
    ),
)
