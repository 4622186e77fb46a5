"""EKS tokens as `aws eks get-token` makes them; also a command, for a kubeconfig.

Run as a file it imports botocore only, so that `kubectl` waits as short as possible.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import botocore.session
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

#: Seconds; how long a token is asked to live. The authenticator makes fifteen minutes of it, STS goes by this.
_EXPIRES = 840


class Keys(NamedTuple):
    """What a token is signed with."""

    access_key_id: str
    secret_access_key: str
    session_token: str = ""


def token(keys: Keys, region: str, cluster_name: str) -> str:
    """A bearer token for a cluster: a presigned `GetCallerIdentity`, which is never sent anywhere by us."""
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    request = AWSRequest(
        "GET",
        f"https://sts.{region}.{suffix}/?Action=GetCallerIdentity&Version=2011-06-15",
        headers={"x-k8s-aws-id": cluster_name},
    )
    credentials = Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token or None)
    SigV4QueryAuth(credentials, "sts", region, expires=_EXPIRES).add_auth(request)
    return "k8s-aws-v1." + base64.urlsafe_b64encode(str(request.url).encode()).decode().rstrip("=")


def main() -> None:
    """Print a credential for kubectl: for the keys in the environment, or for a role that they may assume."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("cluster_name")
    parser.add_argument("--role-arn", default="")
    arguments = parser.parse_args()
    region = os.environ["AWS_REGION"]
    keys = Keys(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    if arguments.role_arn:
        sts: Any = botocore.session.Session().create_client("sts", region_name=region)
        assumed = sts.assume_role(RoleArn=arguments.role_arn, RoleSessionName="kubectl")["Credentials"]
        keys = Keys(assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"])
    expiration = datetime.now(UTC) + timedelta(seconds=_EXPIRES)
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {
            "token": token(keys, region, arguments.cluster_name),
            "expirationTimestamp": expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
    }
    print(json.dumps(credential))


if __name__ == "__main__":
    main()
