"""IAM Identity Center, and the token caches that the AWS CLI shares with the SDKs."""
