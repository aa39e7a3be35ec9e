# Calls GetCallerIdentity with the credentials that the variables give or lead to. Secrets go to curl
# on its standard input, as every user of the machine can read a command line.
set -eu

# The text of a member of the JSON object on standard input.
member() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p"; }

# ask URL HEADER [OPTION ...]
ask() {
  url=$1 header=$2
  shift 2
  printf 'url = "%s"\nheader = "%s"\n' "$url" "$header" | curl -sS --fail --config - "$@"
}

document=
if [ -n "${AWS_CONTAINER_CREDENTIALS_FULL_URI:-}" ]; then
  token=${AWS_CONTAINER_AUTHORIZATION_TOKEN:-$(cat "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")}
  document=$(ask "$AWS_CONTAINER_CREDENTIALS_FULL_URI" "Authorization: $token")
elif [ -n "${AWS_EC2_METADATA_SERVICE_ENDPOINT:-}" ]; then
  roles=$AWS_EC2_METADATA_SERVICE_ENDPOINT/latest/meta-data/iam/security-credentials/
  life="X-aws-ec2-metadata-token-ttl-seconds: 60"
  token="X-aws-ec2-metadata-token: $(ask "$AWS_EC2_METADATA_SERVICE_ENDPOINT/latest/api/token" "$life" -X PUT)"
  role=$(ask "$roles" "$token")
  document=$(ask "$roles$role" "$token")
fi
if [ -n "$document" ]; then
  AWS_ACCESS_KEY_ID=$(printf %s "$document" | member AccessKeyId)
  AWS_SECRET_ACCESS_KEY=$(printf %s "$document" | member SecretAccessKey)
  AWS_SESSION_TOKEN=$(printf %s "$document" | member Token)
fi

{
  printf 'user = "%s:%s"\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"
  if [ -n "${AWS_SESSION_TOKEN:-}" ]; then
    printf 'header = "X-Amz-Security-Token: %s"\n' "$AWS_SESSION_TOKEN"
  fi
} | curl -sS --fail-with-body --config - --aws-sigv4 "aws:amz:$AWS_REGION:sts" \
  --data "Action=GetCallerIdentity&Version=2011-06-15" "$AWS_ENDPOINT_URL/"
