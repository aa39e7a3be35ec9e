"""The cmdlets of AWS services, made at run time from botocore's models."""
