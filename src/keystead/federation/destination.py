"""The page of the AWS console to open: by the short name of a service, or a URL. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from keystead.errors import UsageError
from keystead.resolve.aws.addresses import SIGN_IN_HOSTS

SERVICES: Mapping[str, str] = {
    "acm": "acm/home",
    "amplify": "amplify/home",
    "apigateway": "apigateway/main/apis",
    "apprunner": "apprunner/home",
    "appsync": "appsync/home",
    "athena": "athena/home",
    "backup": "backup/home",
    "batch": "batch/home",
    "bedrock": "bedrock/home",
    "billing": "billing/home",
    "cloudformation": "cloudformation/home",
    "cloudfront": "cloudfront/v4/home",
    "cloudtrail": "cloudtrailv2/home",
    "cloudwatch": "cloudwatch/home",
    "codeartifact": "codesuite/codeartifact/repositories",
    "codebuild": "codesuite/codebuild/projects",
    "codecommit": "codesuite/codecommit/repositories",
    "codedeploy": "codesuite/codedeploy/applications",
    "codepipeline": "codesuite/codepipeline/pipelines",
    "cognito": "cognito/v2/home",
    "config": "config/home",
    "connect": "connect/v2/app/instances",
    "controltower": "controltower/home",
    "cost-management": "cost-management/home",
    "dms": "dms/v2/home",
    "docdb": "docdb/home",
    "dynamodb": "dynamodbv2/home",
    "ec2": "ec2/home",
    "ecr": "ecr/private-registry/repositories",
    "ecs": "ecs/v2/clusters",
    "efs": "efs/home",
    "eks": "eks/home",
    "elasticache": "elasticache/home",
    "elasticbeanstalk": "elasticbeanstalk/home",
    "emr": "emr/home",
    "events": "events/home",
    "fsx": "fsx/home",
    "glue": "glue/home",
    "guardduty": "guardduty/home",
    "iam": "iam/home",
    "identity-center": "singlesignon/home",
    "inspector": "inspector/v2/home",
    "iot": "iot/home",
    "kinesis": "kinesis/home",
    "kms": "kms/home",
    "lambda": "lambda/home",
    "logs": "cloudwatch/home#logsV2:log-groups",
    "msk": "msk/home",
    "neptune": "neptune/home",
    "opensearch": "aos/home",
    "organizations": "organizations/v2/home",
    "ram": "ram/home",
    "rds": "rds/home",
    "redshift": "redshiftv2/landing",
    "route53": "route53/v2/home",
    "s3": "s3/home",
    "sagemaker": "sagemaker/home",
    "secretsmanager": "secretsmanager/listsecrets",
    "securityhub": "securityhub/home",
    "servicecatalog": "servicecatalog/home",
    "servicequotas": "servicequotas/home",
    "ses": "ses/home",
    "sns": "sns/v3/home",
    "sqs": "sqs/v3/home",
    "ssm": "systems-manager/home",
    "states": "states/home",
    "support": "support/home",
    "trustedadvisor": "trustedadvisor/home",
    "vpc": "vpc/home",
    "waf": "wafv2/homev2",
    "workspaces": "workspaces/home",
    "xray": "xray/home",
}
"""The paths of services' pages, by short names."""


def console_host(partition: str) -> str:
    """The host of the console of a partition, such as ``console.aws.amazon.com``.

    Raises `UsageError` where none is known.
    """
    if partition not in SIGN_IN_HOSTS:
        raise UsageError(
            f"no address of the console of the partition `{partition}` is known",
            id="console-not-possible",
        )
    return SIGN_IN_HOSTS[partition].replace("signin.", "console.", 1)


def destination(
    partition: str, region: str | None, service: str | None = None, url: str | None = None
) -> str:
    """The URL of the page. Raises `UsageError` for a ``url`` outside of the partition's console."""
    host = console_host(partition)
    if url is not None:
        return _checked(url, host.removeprefix("console."))
    path, mark, fragment = (SERVICES[service] if service else "console/home").partition("#")
    query = f"?region={quote(region, safe='')}" if region else ""
    return f"https://{host}/{path}{query}{mark}{fragment}"


def _checked(url: str, domain: str) -> str:
    try:
        parts = urlsplit(url)
        is_plain = parts.scheme == "https" and parts.port in {None, 443} and "@" not in parts.netloc
        is_of_console = is_plain and (parts.hostname or "").endswith(f".{domain}")
    except ValueError:
        is_of_console = False
    if not is_of_console or not url.isascii() or not url.isprintable() or " " in url:
        raise UsageError(
            "--url is not an address of the console",
            id="console-url",
            hint=f"give an address that begins with https:// and whose host ends with .{domain}",
        )
    return url
