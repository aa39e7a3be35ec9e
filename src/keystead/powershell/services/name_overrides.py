"""Names and parameters of the AWS Tools for PowerShell that follow no rule."""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = """
acm DescribeAcmeAccount Get-ACMAcmeAccountDetail
acm DescribeAcmeDomainValidation Get-ACMAcmeDomainValidationDetail
acm DescribeAcmeEndpoint Get-ACMAcmeEndpointDetail
acm DescribeAcmeExternalAccountBinding Get-ACMAcmeExternalAccountBindingDetail
batch CancelJob Stop-BATJob
batch TerminateJob Remove-BATJob
batch TerminateServiceJob Stop-BATServiceJob
bedrock-agent-runtime RetrieveAndGenerate Invoke-BARRetrieveAndGenerate
billing RedeemCredits Invoke-AWSBCreditRedemption
cloudformation BatchDescribeTypeConfigurations Get-CFNDescribeTypeConfiguration
cloudformation DetectStackDrift Start-CFNStackDriftDetection
cloudformation DetectStackResourceDrift Get-CFNDetectedStackResourceDrift
cloudformation DetectStackSetDrift Start-CFNStackSetDriftDetection
cloudformation ListImports Get-CFNImportList
cloudformation ListStackResources Get-CFNStackResourceSummary
cloudformation ListStackSetOperationResults Get-CFNStackSetOperationResultList
cloudformation ListStacks Get-CFNStackSummary
cloudwatch DescribeAlarmsForMetric Get-CWAlarmForMetric
cloudwatch ListManagedInsightRules Get-CWManagedInsightRule
codebuild BatchDeleteBuilds Remove-CBBuildBatch
codebuild BatchGetBuildBatches Get-CBBatch
codebuild BatchGetBuilds Get-CBBuildBatch
codebuild DeleteBuildBatch Remove-CBBatch
codebuild ListBuildBatches Get-CBBatchIdList
codebuild ListBuildBatchesForProject Get-CBBatchIdListForProject
codebuild ListBuilds Get-CBBuildIdList
codebuild ListBuildsForProject Get-CBBuildIdListForProject
codebuild RetryBuildBatch Redo-CBBatch
codebuild StartBuildBatch Start-CBBatch
codebuild StopBuildBatch Stop-CBBatch
dynamodb BatchExecuteStatement Invoke-DDBDDBBatchExecuteStatement
dynamodb BatchGetItem Get-DDBBatchItem
dynamodb BatchWriteItem Set-DDBBatchItem
dynamodb DescribeLimits Get-DDBProvisionLimit
dynamodb ExecuteStatement Invoke-DDBDDBExecuteStatement
dynamodb ExecuteTransaction Invoke-DDBDDBExecuteTransaction
dynamodb ListTagsOfResource Get-DDBResourceTag
dynamodb PutItem Set-DDBItem
dynamodb TransactGetItems Get-DDBItemTransactionally
dynamodb TransactWriteItems Write-DDBItemTransactionally
ec2 AssignIpv6Addresses Register-EC2Ipv6AddressList
ec2 CancelCapacityReservation Remove-EC2CapacityReservation
ec2 CreateCapacityReservation Add-EC2CapacityReservation
ec2 CreateSnapshots New-EC2SnapshotBatch
ec2 DeleteLaunchTemplateVersions Remove-EC2TemplateVersion
ec2 DeleteVpcEndpointServiceConfigurations Remove-EC2EndpointServiceConfiguration
ec2 DescribeAccountVpcEncryptionControl Get-EC2AccountVpcEncryptionControlDetail
ec2 DescribeEgressOnlyInternetGateways Get-EC2EgressOnlyInternetGatewayList
ec2 DescribeFleetInstances Get-EC2FleetInstanceList
ec2 DescribeFleets Get-EC2FleetList
ec2 DescribeLaunchTemplateVersions Get-EC2TemplateVersion
ec2 DescribeLaunchTemplates Get-EC2Template
ec2 DescribeVolumesModifications Get-EC2VolumeModification
ec2 DescribeVpcEndpointConnections Get-EC2EndpointConnection
ec2 PurchaseHostReservation New-EC2HostReservation
ec2 PurchaseReservedInstancesOffering New-EC2ReservedInstance
ec2 UnassignIpv6Addresses Unregister-EC2Ipv6AddressList
ecs DescribeClusters Get-ECSClusterDetail
ecs DescribeTaskDefinition Get-ECSTaskDefinitionDetail
ecs DescribeTasks Get-ECSTaskDetail
ecs ListServices Get-ECSClusterService
ecs RunTask New-ECSTask
iam GenerateCredentialReport Request-IAMCredentialReport
iam GenerateServiceLastAccessedDetails Request-IAMServiceLastAccessedDetail
iam GetMFADevice Get-IAMMFADeviceMetadata
iam GetServiceLastAccessedDetailsWithEntities Get-IAMServiceLastAccessedDetailWithEntity
iam ListAttachedGroupPolicies Get-IAMAttachedGroupPolicyList
iam ListAttachedRolePolicies Get-IAMAttachedRolePolicyList
iam ListAttachedUserPolicies Get-IAMAttachedUserPolicyList
iam ListGroupsForUser Get-IAMGroupForUser
iam ListInstanceProfileTags Get-IAMInstanceProfileTagList
iam ListInstanceProfilesForRole Get-IAMInstanceProfileForRole
iam ListMFADeviceTags Get-IAMMFADeviceTagList
iam ListMFADevices Get-IAMMFADevice
iam ListOpenIDConnectProviderTags Get-IAMOpenIDConnectProviderTagList
iam ListPoliciesGrantingServiceAccess Get-IAMPolicyGrantingServiceAccessList
iam ListPolicyTags Get-IAMPolicyTagList
iam ListRoleTags Get-IAMRoleTagList
iam ListSAMLProviderTags Get-IAMSAMLProviderTagList
iam ListServerCertificateTags Get-IAMServerCertificateTagList
iam ListServiceSpecificCredentials Get-IAMServiceSpecificCredentialList
iam ListUserTags Get-IAMUserTagList
iam PutRolePermissionsBoundary Set-IAMRolePermissionsBoundary
iam PutUserPermissionsBoundary Set-IAMUserPermissionsBoundary
kms ListKeyRotations Get-KMSKeyRotation
kms ListResourceTags Get-KMSResourceTag
kms ListRetirableGrants Get-KMSRetirableGrant
kms ReplicateKey New-KMSReplicaKey
kms RotateKeyOnDemand Start-KMSRotateKeyOnDemand
kms Sign Invoke-KMSSigning
kms Verify Test-KMSSignature
lambda CreateFunction Publish-LMFunction
lambda Invoke Invoke-LMFunction
lambda InvokeAsync Invoke-LMFunctionAsync
lambda ListVersionsByFunction Get-LMVersionsByFunction
logs DescribeConfigurationTemplates Find-CWLConfigurationTemplate
logs DescribeDeliveries Find-CWLDelivery
logs DescribeDeliveryDestinations Find-CWLDeliveryDestination
logs DescribeDeliverySources Find-CWLDeliverySource
logs ListTagsLogGroup Get-CWLLogGroupTag
network-firewall DescribeContainerAssociation Get-NWFWContainerAssociationDetail
observabilityadmin ValidateTelemetryPipelineConfiguration Test-CWOADMNTelemetryPipeline
opensearch DescribeDataSourceAttachment Get-OSDataSourceAttachmentDetail
opensearch InsightFeedback Send-OSInsightFeedback
rds DescribeDBClusterBacktracks Get-RDSDBClusterBacktrackList
rds DescribeTenantDatabases Get-RDSTenantDatabasis
rds DownloadDBLogFilePortion Get-RDSDBLogFilePortion
rds FailoverDBCluster Start-RDSDBClusterFailover
rds FailoverGlobalCluster Start-RDSFailoverGlobalCluster
rds ListTagsForResource Get-RDSTagForResource
rds PromoteReadReplica Convert-RDSReadReplicaToStandalone
rds RemoveTagsFromResource Remove-RDSTagFromResource
rds SwitchoverGlobalCluster Request-RDSSwitchoverGlobalCluster
rds SwitchoverReadReplica Convert-RDSReadReplicaToNewPrimary
route53 ListHostedZonesByName Get-R53HostedZonesByName
route53 ListHostedZonesByVPC Get-R53HostedZonesByVPC
route53 ListResourceRecordSets Get-R53ResourceRecordSet
route53 ListTagsForResource Get-R53TagsForResource
route53 ListTrafficPolicyInstancesByHostedZone Get-R53TrafficPolicyInstancesByHostedZone
route53 ListTrafficPolicyInstancesByPolicy Get-R53TrafficPolicyInstancesByPolicy
s3 AbortMultipartUpload Remove-S3MultipartUpload
s3 DeleteBucketCors Remove-S3CORSConfiguration
s3 DeleteBucketLifecycle Remove-S3LifecycleConfiguration
s3 DeleteObjectTagging Remove-S3ObjectTagSet
s3 GetBucketAcl Get-S3ACL
s3 GetBucketCors Get-S3CORSConfiguration
s3 GetBucketLifecycleConfiguration Get-S3LifecycleConfiguration
s3 GetBucketNotificationConfiguration Get-S3BucketNotification
s3 GetObject Read-S3Object
s3 GetObjectTagging Get-S3ObjectTagSet
s3 HeadObject Get-S3ObjectMetadata
s3 ListObjectVersions Get-S3Version
s3 ListObjects Get-S3Object
s3 ListObjectsV2 Get-S3ObjectV2
s3 PutBucketAcl Set-S3ACL
s3 PutBucketCors Write-S3CORSConfiguration
s3 DeleteObject Remove-S3Object
s3 PutBucketEncryption Set-S3BucketEncryption
s3 PutBucketLifecycleConfiguration Write-S3LifecycleConfiguration
s3 PutBucketNotificationConfiguration Write-S3BucketNotification
s3 PutObjectTagging Write-S3ObjectTagSet
s3 PutPublicAccessBlock Add-S3PublicAccessBlock
sns ListPlatformApplications Get-SNSPlatformApplicationList
sns ListSubscriptionsByTopic Get-SNSSubscriptionByTopic
sns OptInPhoneNumber Enable-SNSPhoneNumber
sns Publish Publish-SNSMessage
sns Subscribe Connect-SNSNotification
sns Unsubscribe Disconnect-SNSNotification
sqs ListQueueTags Get-SQSResourceTag
sqs TagQueue Add-SQSResourceTag
sqs UntagQueue Remove-SQSResourceTag
ssm AddTagsToResource Add-SSMResourceTag
ssm AssociateOpsItemRelatedItem Register-SSMOpsItemRelatedItem
ssm CreateAssociationBatch New-SSMAssociationFromBatch
ssm DeleteParameters Remove-SSMParameterCollection
ssm DescribeDocument Get-SSMDocumentDescription
ssm DescribeEffectiveInstanceAssociations Get-SSMEffectiveInstanceAssociationList
ssm DescribeInventoryDeletions Get-SSMInventoryDeletionList
ssm DescribeParameters Get-SSMParameterList
ssm DescribePatchBaselines Get-SSMPatchBaseline
ssm DisassociateOpsItemRelatedItem Unregister-SSMOpsItemRelatedItem
ssm GetCommandInvocation Get-SSMCommandInvocationDetail
ssm GetParameters Get-SSMParameterValue
ssm GetPatchBaseline Get-SSMPatchBaselineDetail
ssm ListAssociationVersions Get-SSMAssociationVersionList
ssm ListCommandInvocations Get-SSMCommandInvocation
ssm ListComplianceItems Get-SSMComplianceItemList
ssm ListComplianceSummaries Get-SSMComplianceSummaryList
ssm ListDocumentVersions Get-SSMDocumentVersionList
ssm ListInventoryEntries Get-SSMInventoryEntryList
ssm ListResourceComplianceSummaries Get-SSMResourceComplianceSummaryList
ssm RemoveTagsFromResource Remove-SSMResourceTag
ssm UnlabelParameterVersion Reset-SSMParameterVersionLabel
sts AssumeRoleWithWebIdentity Use-STSWebIdentityRole
"""

NAMES: dict[str, dict[str, str]] = {}
"""Cmdlets with irregular names, by service and operation."""
for _row in _NAMES.splitlines():
    if _row:
        _service, _operation, _cmdlet = _row.split()
        NAMES.setdefault(_service, {})[_operation] = _cmdlet

PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "s3": {"Body": "Content", "Bucket": "BucketName", "Prefix": "KeyPrefix"},
    "sts": {"DurationSeconds": "DurationInSeconds"},
}
"""Parameters with another name than the member of the request, by service."""

WHERE_TAKEN_ANYWHERE: Mapping[str, str] = {"Force": "Enforce"}
"""Names of members whose own name is that of another parameter."""

WHERE_TAKEN: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("ec2", "DetachNetworkInterface"): {"Force": "ForceDismount"},
    ("ec2", "DetachVolume"): {"Force": "ForceDismount"},
    ("ecr", "DeleteRepository"): {"Force": "IgnoreExistingImages"},
    ("ecr", "SetRepositoryPolicy"): {"Force": "OverridePolicy"},
    ("ecr-public", "DeleteRepository"): {"Force": "IgnoreExistingImages"},
    ("ecr-public", "SetRepositoryPolicy"): {"Force": "OverridePolicy"},
    ("ecs", "DeregisterContainerInstance"): {"Force": "ForceDeregistration"},
    ("lightsail", "DeleteLoadBalancerTlsCertificate"): {"Force": "DeleteWithForce"},
    ("lightsail", "StopInstance"): {"Force": "OverrideStuck"},
    ("medialive", "RebootInputDevice"): {"Force": "IgnoreStreaming"},
    ("omics", "DeleteAnnotationStore"): {"Force": "Compel"},
    ("omics", "DeleteAnnotationStoreVersions"): {"Force": "Compel"},
    ("omics", "DeleteVariantStore"): {"Force": "Compel"},
    ("rds", "BacktrackDBCluster"): {"Force": "EnforceReset"},
}
"""The same for operations with other names in the AWS Tools."""

_S3_CLIENT = {
    "UseAccelerateEndpoint": "give the accelerated address as -EndpointUrl",
    "UseDualstackEndpoint": "set `use_dualstack_endpoint` in the profile",
    "ForcePathStyleAddressing": "give the address as -EndpointUrl, which is used unchanged",
}
_BY_FOLDER = "`aws s3 cp --recursive` and `aws s3 sync` copy folders"
_ONE_BY_ONE = "pipe the keys: 'a', 'b' | Remove-S3Object -BucketName NAME -Force"

UNSUPPORTED: Mapping[str, Mapping[str, str]] = {
    "s3": _S3_CLIENT,
    "Copy-S3Object": {
        "LocalFile": "Read-S3Object -File writes an object to a file",
        "LocalFolder": _BY_FOLDER,
        "KeyPrefix": _BY_FOLDER,
        "DestinationKey": "-Key is the destination, -CopySource the source as BUCKET/KEY",
        "DestinationBucket": "-BucketName is the destination, -CopySource the source",
    },
    "Get-S3Object": {"Key": "-KeyPrefix lists keys by prefix; Get-S3ObjectMetadata describes one"},
    "Get-S3ObjectV2": {
        "Key": "-KeyPrefix lists keys by prefix; Get-S3ObjectMetadata describes one"
    },
    "New-S3Bucket": {
        "CannedACLName": "use -ACL",
        "PublicReadOnly": "use -ACL public-read",
        "PublicReadWrite": "use -ACL public-read-write",
    },
    "Read-S3Object": {
        "Folder": _BY_FOLDER,
        "KeyPrefix": _BY_FOLDER,
        "S3Object": "pipe the object, or give -BucketName and -Key",
    },
    "Remove-S3Bucket": {"DeleteBucketContent": "remove the objects first"},
    "Remove-S3Object": {
        "AuthenticationValue": "use -MFA with the serial number and the code, separated by a space",
        "ChecksumAlgorithm": _ONE_BY_ONE,
        "EnableLegacyKeyCleaning": "keys are sent as they are given",
        "InputObject": _ONE_BY_ONE,
        "KeyAndVersionCollection": _ONE_BY_ONE,
        "KeyCollection": _ONE_BY_ONE,
        "ReportErrorsOnly": _ONE_BY_ONE,
        "SerialNumber": "use -MFA with the serial number and the code, separated by a space",
    },
    "Stop-EC2Instance": {"ForceStop": "-Enforce $true stops without a flush of the file systems"},
    "Write-S3Object": {
        "Folder": _BY_FOLDER,
        "KeyPrefix": _BY_FOLDER,
        "Recurse": _BY_FOLDER,
        "SearchPattern": _BY_FOLDER,
        "CannedACLName": "use -ACL",
        "PublicReadOnly": "use -ACL public-read",
        "PublicReadWrite": "use -ACL public-read-write",
        "HeaderCollection": "use -Metadata, and the parameter of each header of the API",
        "TagSet": "-Tagging takes the tags as KEY=VALUE&KEY=VALUE",
    },
}
"""Unsupported parameters of the AWS Tools, by service or cmdlet, with an alternative."""

OUTPUTS: Mapping[tuple[str, str], str] = {
    ("cloudwatch", "DescribeAlarms"): "MetricAlarms",
    ("s3", "ListObjectVersions"): "Versions",
    ("s3", "ListObjects"): "Contents",
    ("s3", "ListObjectsV2"): "Contents",
    ("sts", "AssumeRole"): "*",
    ("sts", "AssumeRoleWithSAML"): "*",
    ("sts", "AssumeRoleWithWebIdentity"): "*",
}
"""The member of an answer to output, where the rules would choose another one."""

COLUMNS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("sts", "GetCallerIdentity"): ("Account", "Arn", "UserId"),
}
"""The order of an object's properties, if different from that of the model."""
