"""Benchmarks of keystead, botocore and the AWS CLI on files of 10 to 100,000 profiles."""
