"""The prefix of a service's nouns: ``S3`` in ``Get-S3Bucket``.

It is that of the AWS Tools for PowerShell if known, else the name in botocore in camel case:
``bcm-dashboards`` is ``BcmDashboards``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_TABLE = """
accessanalyzer IAMAA; account ACCT; acm ACM; acm-pca PCA; aiops AIOps; amp PROM; amplify AMP;
amplifybackend AMPB; amplifyuibuilder AMPUI; apigateway AG; apigatewaymanagementapi AGM;
apigatewayv2 AG2; appconfig APPC; appconfigdata ACD; appfabric AFAB; appflow AF; appintegrations
AIS; application-autoscaling AAS; application-insights CWAI; application-signals CWAS; appmesh AMSH;
apprunner AAR; appstream APS; appsync ASYN; arc-region-switch ARC; arc-zonal-shift AZS; artifact
ART; athena ATH; auditmanager AUDM; autoscaling AS; autoscaling-plans ASP; b2bi B2BI; backup BAK;
backup-gateway BUGW; batch BAT; bcm-dashboards BCMD; bcm-data-exports BCMDE; bcm-pricing-calculator
BCMPC; bedrock BDR; bedrock-agent AAB; bedrock-agent-runtime BAR; bedrock-agentcore BAC;
bedrock-agentcore-control BACC; bedrock-data-automation BDA; bedrock-data-automation-runtime BDAR;
bedrock-runtime BDRR; billing AWSB; billingconductor ABC; braket BRKT; budgets BGT; ce CE; chatbot
CHAT; chime CHM; chime-sdk-identity CHMID; chime-sdk-media-pipelines CHMMP; chime-sdk-meetings
CHMTG; chime-sdk-messaging CHMMG; chime-sdk-voice CHMVO; cleanrooms CRS; cleanroomsml CRML; cloud9
C9; cloudcontrol CCA; clouddirectory CDIR; cloudformation CFN; cloudfront CF;
cloudfront-keyvaluestore CFKV; cloudhsm HSM; cloudhsmv2 HSM2; cloudsearch CS; cloudsearchdomain CSD;
cloudtrail CT; cloudtrail-data CTD; cloudwatch CW; codeartifact CA; codebuild CB; codecatalyst CCAT;
codecommit CC; codeconnections CCON; codedeploy CD; codeguru-reviewer CGR; codeguru-security CGS;
codeguruprofiler CGP; codepipeline CP; codestar-connections CSTC; codestar-notifications CSTN;
cognito-identity CGI; cognito-idp CGIP; cognito-sync CGIS; comprehend COMP; comprehendmedical CMPM;
compute-optimizer CO; config CFG; connect CONN; connect-contact-lens CCL; connectcampaigns CCS;
connectcases CCAS; connectparticipant CONNP; controlcatalog CLCAT; controltower ACT;
cost-optimization-hub COH; cur CUR; customer-profiles CPF; databrew GDB; dataexchange DTEX;
datapipeline DP; datasync DSYN; datazone DZ; dax DAX; deadline ADC; detective DTCT; devicefarm DF;
devops-guru DGURU; directconnect DC; discovery ADS; dlm DLM; dms DMS; docdb DOC; docdb-elastic DOCE;
drs EDRS; ds DS; ds-data DSD; dsql DSQL; dynamodb DDB; ebs EBS; ec2 EC2; ec2-instance-connect EC2IC;
ecr ECR; ecr-public ECRP; ecs ECS; efs EFS; eks EKS; eks-auth EKSAU; elasticache EC;
elasticbeanstalk EB; elb ELB; elbv2 ELB2; emr EMR; emr-containers EMRC; entityresolution ERES; es
ES; events EVB; evs EVS; finspace FNSP; firehose KINF; fis FIS; fms FMS; forecast FRC; forecastquery
FRCQ; frauddetector FD; freetier FT; fsx FSX; gamelift GML; gameliftstreams GMLS; geo-maps GEOM;
geo-places GEOP; geo-routes GEOR; glacier GLC; globalaccelerator GACL; glue GLUE; grafana MGRF;
greengrass GG; greengrassv2 GGV2; groundstation GS; guardduty GD; health HLTH; healthlake AHL; iam
IAM; identitystore IDS; imagebuilder EC2IB; importexport IE; inspector INS; inspector-scan ISCAN;
inspector2 INS2; internetmonitor CWIM; invoicing INV; iot IOT; iot-data IOTD; iot-jobs-data IOTJ;
iotdeviceadvisor IOTDA; iotfleetwise IFW; iotsecuretunneling IOTST; iotsitewise IOTSW;
iotthingsgraph IOTTG; iottwinmaker IOTTM; iotwireless IOTW; ivs IVS; ivs-realtime IVSRT; ivschat
IVSC; kafka MSK; kafkaconnect MSKC; kendra KNDR; kendra-ranking KNRK; keyspaces KS; keyspacesstreams
KST; kinesis KIN; kinesis-video-archived-media KVAM; kinesis-video-media KVM;
kinesis-video-signaling KVSC; kinesis-video-webrtc-storage KVWS; kinesisanalytics KINA;
kinesisanalyticsv2 KINA2; kinesisvideo KV; kms KMS; lakeformation LKF; lambda LM; lambda-core LMC;
lambda-microvms LMVM2; launch-wizard LWIZ; lex-models LMB; lex-runtime LEX; lexv2-models LMBV2;
lexv2-runtime LRSV2; license-manager LICM; license-manager-linux-subscriptions LLMS;
license-manager-user-subscriptions LMUS; lightsail LS; location LOC; logs CWL; lookoutequipment L4E;
m2 AMM; machinelearning ML; macie2 MAC2; mailmanager MMGR; managedblockchain MBC;
managedblockchain-query MBCQ; marketplace-agreement MAS; marketplace-catalog MCAT;
marketplace-deployment MD; marketplace-entitlement MES; marketplace-reporting MR;
marketplacecommerceanalytics MCA; mediaconnect EMCN; mediaconvert EMC; medialive EML; mediapackage
EMP; mediapackage-vod EMPV; mediapackagev2 MPV2; mediastore EMS; mediastore-data EMSD; mediatailor
EMT; medical-imaging MIS; memorydb MDB; meteringmarketplace MM; mgh MH; mgn MGN;
migration-hub-refactor-spaces MHRS; migrationhub-config MHC; migrationhuborchestrator MHO;
migrationhubstrategy MHS; mpa MPA; mq MQ; mturk MTR; mwaa MWAA; neptune NPT; neptune-graph NEPTG;
neptunedata NEPT; network-firewall NWFW; networkflowmonitor NFM; networkmanager NMGR; networkmonitor
CWNM; notifications UNO; notificationscontacts UNC; nova-act NOVA; oam CWOAM; observabilityadmin
CWOADMN; omics OMICS; opensearch OS; opensearchserverless OSS; organizations ORG; osis OSIS;
outposts OUTP; partnercentral-selling PC; payment-cryptography PAYCC; payment-cryptography-data
PAYCD; pca-connector-ad PCAAD; pca-connector-scep PCASCEP; pcs PCS; personalize PERS;
personalize-events PERSE; personalize-runtime PERSR; pi PI; pinpoint PIN; pinpoint-email PINE;
pinpoint-sms-voice-v2 SMSV; pipes PIPES; polly POL; pricing PLS; proton PRO; qapps QAPP; qbusiness
QBUS; qconnect QC; quicksight QS; ram RAM; rbin RBIN; rds RDS; rds-data RDSD; redshift RS;
redshift-data RSD; redshift-serverless RSS; rekognition REK; repostspace RESP; resiliencehub RESH;
resource-explorer-2 AREX; resource-groups RG; resourcegroupstaggingapi RGT; rolesanywhere IAMRA;
route53 R53; route53-recovery-cluster RRC; route53-recovery-control-config R53RC;
route53-recovery-readiness PD; route53domains R53D; route53globalresolver R53GR; route53profiles
R53P; route53resolver R53R; rtbfabric RTB; rum CWRUM; s3 S3; s3control S3C; s3files S3F; s3outposts
S3O; s3tables S3T; s3vectors S3V; sagemaker SM; sagemaker-a2i-runtime A2IR; sagemaker-edge SME;
sagemaker-featurestore-runtime SMFS; sagemaker-geospatial SMGS; sagemaker-metrics SMM;
sagemaker-runtime SMR; savingsplans SP; scheduler SCH; schemas SCHM; sdb SDB; secretsmanager SEC;
security-ir SecurityIR; securityhub SHUB; securitylake SLK; serverlessrepo SAR; service-quotas SQ;
servicecatalog SC; servicecatalog-appregistry SCAR; servicediscovery SD; ses SES; sesv2 SES2; shield
SHLD; signer SIGN; snow-device-management SDMS; snowball SNOW; sns SNS; sqs SQS; ssm SSM;
ssm-contacts SMC; ssm-guiconnect SSMG; ssm-incidents SSMI; ssm-quicksetup SSMQS; ssm-sap SSMSAP; sso
SSO; sso-admin SSOADMN; sso-oidc SSOOIDC; stepfunctions SFN; storagegateway SG; sts STS; supplychain
SUPCH; support ASA; support-app SUP; supportauthz SUPAZ; swf SWF; synthetics CWSYN; textract TXT;
timestream-influxdb TIDB; timestream-query TSQ; timestream-write TSW; tnb TNB; transcribe TRS;
transfer TFR; translate TRN; trustedadvisor TA; verifiedpermissions AVP; voice-id VID; vpc-lattice
VPCL; waf WAF; waf-regional WAFR; wafv2 WAF2; wellarchitected WAT; wisdom WSDM; workdocs WD;
workmail WM; workmailmessageflow WMMF; workspaces WKS; workspaces-instances WKSI;
workspaces-thin-client WSTC; workspaces-web WSW; xray XR
"""

WELL_KNOWN: Mapping[str, str] = dict(row.split() for row in _TABLE.split(";"))
"""Prefixes of the AWS Tools for PowerShell, by botocore's name of the service."""


def prefix_of(service: str) -> str:
    """The prefix of a service by its name in botocore."""
    known = WELL_KNOWN.get(service)
    return known or "".join(part[:1].upper() + part[1:] for part in re.split(r"[-.]", service))


def services_of(noun: str, services: Iterable[str]) -> list[str]:
    """The ``services`` that a cmdlet with that noun may belong to, the likely ones first.

    Longer prefixes come first; a word must begin after the prefix.
    """
    lowered = noun.lower()
    fitting = [
        (not noun[len(prefix) : len(prefix) + 1].isupper(), -len(prefix), service)
        for service in services
        if lowered.startswith((prefix := prefix_of(service)).lower())
    ]
    return [service for *_, service in sorted(fitting)]
