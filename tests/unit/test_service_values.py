"""Text, lists, hash tables and JSON become what a service's model asks for, or an error says where
they do not fit.
"""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from keystead.errors import UsageError
from keystead.powershell.objects import AwsObject
from keystead.powershell.services.conversion import Context, convert
from keystead.powershell.services.dynamic_cmdlets import cmdlet
from keystead.powershell.services.model import find_operation
from keystead.powershell.services.parameters import fields, request_of, spelled
from keystead.powershell.services.response import (
    as_json,
    chosen,
    returns_secret_once,
    select,
    shown,
)
from keystead.secret import MASK, Secret, reveal
from tests.canaries import SECRET_KEY

FILES = {"/policy": b"\xef\xbb\xbf{}", "/bytes": b"\xff\x00"}
CONTEXT = Context(FILES.__getitem__, timezone(timedelta(hours=2)))


def request(name: str, **values: object) -> dict[str, object]:
    rows = fields(find_operation(name), frozenset({"region", "force"}))
    names = {row.parameter.name for row in rows}
    assert values.keys() <= names
    return request_of(rows, values, CONTEXT)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("Get-EC2Instance", {"InstanceId": "i-1, i-2"}, {"InstanceIds": ["i-1", "i-2"]}),
        (
            "Get-EC2Instance",
            {"InstanceId": ["i-1", "i,2"]},
            {"InstanceIds": ["i-1", "i,2"]},
        ),
        ("Get-EC2Instance", {"InstanceId": '["i,1"]'}, {"InstanceIds": ["i,1"]}),
        ("Get-EC2Instance", {"InstanceId": ""}, {"InstanceIds": []}),
        ("Get-EC2Instance", {"MaxResults": "7"}, {"MaxResults": 7}),
        ("Get-EC2Instance", {"DryRun": "$true"}, {"DryRun": True}),
        ("Get-EC2Instance", {"DryRun": False}, {"DryRun": False}),
        ("Get-EC2Instance", {"DryRun": None}, {}),
        (
            "Get-EC2Instance",
            {"Filter": {"name": "tag:x", "value": "a"}},
            {"Filters": [{"Name": "tag:x", "Values": ["a"]}]},
        ),
        (
            "Get-EC2Instance",
            {"Filter": [{"Name": "x", "Values": ["a", "b"]}, AwsObject({"Name": "y"})]},
            {"Filters": [{"Name": "x", "Values": ["a", "b"]}, {"Name": "y"}]},
        ),
        (
            "New-SQSQueue",
            {"QueueName": "q", "Attribute": {"DelaySeconds": 5}},
            {"QueueName": "q", "Attributes": {"DelaySeconds": "5"}},
        ),
        (
            "Write-SSMParameter",
            {"Name": "n", "Value": 5, "Type": "STRING"},
            {"Name": "n", "Value": "5", "Type": "String"},
        ),
        (
            "Write-SSMParameter",
            {"Name": "n", "Value": "file:///policy"},
            {"Name": "n", "Value": "{}"},
        ),
        ("Write-SSMParameter", {"Name": "n", "Value": Secret("x")}, {"Name": "n", "Value": "x"}),
        ("Write-S3Object", {"Content": "fileb:///bytes"}, {"Body": b"\xff\x00"}),
        ("Write-S3Object", {"Content": "text"}, {"Body": b"text"}),
        ("Write-S3Object", {"Content": [104, 105]}, {"Body": b"hi"}),
        (
            "Publish-LMFunction",
            {"Code_S3Bucket": "b", "Code_S3Key": "k"},
            {"Code": {"S3Bucket": "b", "S3Key": "k"}},
        ),
        (
            "Publish-LMFunction",
            {"Code": '{"S3Bucket": "b"}', "Code_S3Key": "k"},
            {"Code": {"S3Bucket": "b", "S3Key": "k"}},
        ),
        (
            "Get-CWMetricStatistic",
            {"StartTime": "1"},
            {"StartTime": datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)},
        ),
        (
            "Get-CWMetricStatistic",
            {"StartTime": "2030-01-31T12:00:00Z"},
            {"StartTime": datetime(2030, 1, 31, 12, tzinfo=UTC)},
        ),
        (
            "Get-CWMetricStatistic",
            {"StartTime": "2030-01-31T12:00"},
            {"StartTime": datetime(2030, 1, 31, 10, tzinfo=UTC)},
        ),
        (
            "Write-CWMetricData",
            {"MetricData": {"MetricName": "m", "Value": "1.5"}},
            {"MetricData": [{"MetricName": "m", "Value": 1.5}]},
        ),
    ],
)
def test_values_are_converted_to_the_model_type(
    name: str, values: dict[str, object], expected: dict[str, object]
) -> None:
    assert request(name, **values) == expected


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("Get-EC2Instance", {"MaxResults": "many"}, "`-MaxResults` must be a whole number"),
        (
            "Get-EC2Instance",
            {"MaxResults": True},
            "`-MaxResults` takes a number, not true or false",
        ),
        ("Get-EC2Instance", {"MaxResults": [1]}, "`-MaxResults` takes one int"),
        ("Get-EC2Instance", {"DryRun": "maybe"}, "`-DryRun` takes $true or $false"),
        ("Get-EC2Instance", {"Filter": "name=x"}, "`-Filter` is not valid JSON"),
        ("Get-EC2Instance", {"Filter": 5}, "`-Filter` takes a hash table or JSON"),
        (
            "Get-EC2Instance",
            {"Filter": [{"Name": "a"}, {"Nam": "b"}]},
            "`-Filter[1]` has no member `Nam`",
        ),
        (
            "Get-EC2Instance",
            {"Filter": [{"Values": [{"x": 1}]}]},
            "`-Filter.Values` takes one string",
        ),
        (
            "New-IAMUser",
            {"Tag": [{"Key": "a", "Value": "b"}, {"Key": "c"}]},
            "`-Tag[1]` requires the member `Value`",
        ),
        (
            "New-SQSQueue",
            {"Attribute": "[1, 2]"},
            "`-Attribute` takes a hash table or a JSON object",
        ),
        ("Get-CWMetricStatistic", {"StartTime": "tomorrow"}, "`-StartTime` takes a time"),
        (
            "Write-CWMetricData",
            {"MetricData": [{"MetricName": "m", "Value": "x"}]},
            "`-MetricData.Value` takes a number",
        ),
        (
            "Write-S3Object",
            {"Content": {"a": 1}},
            "`-Content` takes text, bytes or the path of a file",
        ),
        ("Write-S3Object", {"Content": [999]}, "`-Content` takes text, bytes"),
        (
            "Write-SSMParameter",
            {"Value": "file:///bytes"},
            "`-Value` names a file whose text is not UTF-8",
        ),
        (
            "Publish-LMFunction",
            {"Code": {"S3Key": "a"}, "Code_S3Key": "b"},
            "`-Code_S3Key` is also given as a part of -Code",
        ),
    ],
)
def test_invalid_value_is_reported_with_its_path(
    name: str, values: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError) as error:
        request(name, **values)
    assert str(error.value).startswith(message)


def test_document_type_accepts_any_json() -> None:
    operation = find_operation("Invoke-BDRRConverse")
    shape = operation.input.members["additionalModelRequestFields"]
    assert convert(shape, '{"a": [1, null]}', "-x", CONTEXT) == {"a": [1, None]}
    assert convert(shape, {"a": (1, AwsObject({"b": 2}))}, "-x", CONTEXT) == {"a": [1, {"b": 2}]}


def test_parameters_follow_powershell_spelling() -> None:
    def names(name: str) -> dict[str, tuple[str, ...]]:
        return {row.name: row.aliases for row in cmdlet(name.lower()).parameters}

    assert names("Get-EC2Instance")["InstanceId"] == ("InstanceIds",)
    assert names("New-S3Bucket")["BucketName"] == ("Bucket",)
    assert names("Get-CWLLogGroup")["LogGroupNamePrefix"] == ()
    assert "CreateBucketConfiguration_LocationConstraint" in names("New-S3Bucket")
    assert spelled("x-amz-thing") == "XAmzThing"
    row = names("Get-DSYNTaskList")
    assert {
        "ProfileName",
        "Region",
        "EndpointUrl",
        "Select",
        "NoAutoIteration",
        "AsJson",
    } <= row.keys()
    # What a common parameter is called, a member of the request is not.
    assert "IgnoreExistingImages" in names("Remove-ECRRepository")
    assert "RequestVerbose" in names("Get-IOTV2LoggingOption")


def test_parameter_prefix_is_enough_even_if_structure_members_share_it() -> None:
    found = cmdlet("publish-lmfunction").matches("Cod")
    assert [row.name for row in found if not row.name.startswith("CodeS")] == ["Code"]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Get-EC2Instance", "Reservations"),
        ("Get-IAMUser", "User"),
        ("Get-IAMUserList", "Users"),
        ("Get-S3ObjectV2", "Contents"),
        ("Get-SQSQueueUrl", "QueueUrl"),
        ("Get-STSFederationToken", "*"),
        ("Get-SECSecretValue", "*"),
        ("Get-DDBTableList", "TableNames"),
    ],
)
def test_only_the_result_member_is_output(name: str, path: str) -> None:
    assert chosen(find_operation(name)) == path


def test_select_takes_a_path_into_the_response() -> None:
    shape = find_operation("Get-IAMUser").output
    answer = {"User": {"UserName": "a", "Tags": [{"Key": "k", "Value": "v"}]}}
    assert select(shape, answer, "user.tags.value")[1] == ["v"]
    with pytest.raises(UsageError, match="the answer has no member `Usr`"):
        select(shape, answer, "Usr")


def test_secrets_stay_secret_unless_revealed() -> None:
    shape = find_operation("New-IAMAccessKey").output
    answer = {"AccessKey": {"AccessKeyId": "id", "SecretAccessKey": SECRET_KEY}}
    hidden = shown(shape, answer)
    assert isinstance(hidden["AccessKey"]["SecretAccessKey"], Secret)
    text = as_json(hidden)
    assert MASK in str(text)
    assert SECRET_KEY not in str(text)
    assert json.loads(reveal(text)) == answer
    assert shown(shape, answer, reveal=True) == answer
    assert cmdlet("new-iamloginprofile").matches("Password")[0].secret


@pytest.mark.parametrize(
    ("name", "once"),
    [
        ("New-IAMAccessKey", True),
        ("New-EC2KeyPair", True),
        ("New-RDSDBInstance", False),
        ("Get-SECSecretValue", False),
    ],
)
def test_secret_members_are_recognised(name: str, once: bool) -> None:
    assert returns_secret_once(find_operation(name)) is once


def test_bytes_and_streams_become_text() -> None:
    shape = find_operation("Invoke-KMSEncrypt").output
    assert shown(shape, {"CiphertextBlob": b"\xff"}) == {"CiphertextBlob": "/w=="}
    assert shown(None, iter([{"a": b"x"}])) == [{"a": "x"}]
