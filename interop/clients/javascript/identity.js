// Calls GetCallerIdentity with the credentials of the SDK's default search.

import { createRequire } from "node:module";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromNodeProviderChain } from "@aws-sdk/credential-providers";

if (process.argv[2] === "version") {
  console.log(createRequire(import.meta.url)("@aws-sdk/credential-providers/package.json").version);
} else {
  const client = new STSClient({ credentials: fromNodeProviderChain() });
  const identity = await client.send(new GetCallerIdentityCommand({}));
  console.log(identity.Arn);
}
