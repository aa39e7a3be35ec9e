"""Calls GetCallerIdentity with the credentials of the SDK's default search."""

import sys

import boto3

if sys.argv[1:] == ["version"]:
    print(boto3.__version__)
else:
    print(boto3.client("sts").get_caller_identity()["Arn"])
