"""What the types of the public names promise. Never run; mypy reads it."""

from datetime import datetime
from pathlib import Path

import keystead

made: keystead.Credentials = keystead.credentials("prod", location=Path("credentials"))
key: str = made.access_key_id
secret: str = made.secret_access_key
token: str | None = made.session_token
end: datetime | None = made.expires_at

chain = keystead.ProfileStoreChain(location="credentials")
found: keystead.Profile = chain.find("prod")
everything: list[keystead.Profile] = chain.profiles()
chain.register(keystead.Profile("prod", {"region": "eu-west-1", "role_arn": keystead.Secret("x")}))
chain.unregister("prod")

plan: keystead.Plan = keystead.plan()
steps: tuple[keystead.AssumeRoleStep, ...] = plan.steps
client = keystead.session("prod", region="eu-west-1").client("s3")

try:
    keystead.plan("prod")
except keystead.KeysteadError as error:
    hint: str | None = error.hint
    code: int = error.exit_code
