"""`python -m local_aws`: leave a local AWS running, with a cluster in it, until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from local_aws import LocalAws

if TYPE_CHECKING:
    from collections.abc import Mapping

_AWS_AUTH = """\
# somebody else's entry: it must survive
- rolearn: arn:aws:iam::123456789012:role/linux-nodes
  username: system:node:{{EC2PrivateDNSName}}
  groups:
    - system:bootstrappers
    - system:nodes
"""


def main() -> int:
    """Serve until the terminal says stop."""
    parser = argparse.ArgumentParser(prog="python -m local_aws", description=__doc__)
    parser.add_argument("--region", default="us-west-2", help="the one region (default: %(default)s)")
    parser.add_argument("--cluster", default="my-cluster", help="the name of the cluster (default: %(default)s)")
    arguments = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with LocalAws(region=arguments.region) as aws, tempfile.TemporaryDirectory(prefix="local-aws-") as directory:
        cluster = aws.create_cluster(arguments.cluster, aws_auth=_AWS_AUTH)
        kubeconfig = cluster.kubeconfig(Path(directory, "kubeconfig"))
        print(f"# The local AWS runs: cluster {cluster.name} in {cluster.vpc_id}, key pair {aws.key_pair_name}.")
        print(f"# Subnets {','.join(cluster.subnet_ids)}, cluster security group {cluster.security_group_id},")
        print(f"# control plane's security group {cluster.control_plane_security_group_id}.")
        print("# Paste into a terminal; then `cdk bootstrap`, `cdk deploy`, `kubectl get configmaps -A`:")
        print(as_assignments({**aws.environment, "KUBECONFIG": str(kubeconfig)}))
        print("# Ctrl-C ends it, with everything in it.", flush=True)
        # Without a time Windows would not wake up for Ctrl-C.
        while not stop.wait(1):
            pass
    return 0


def as_assignments(variables: Mapping[str, str], *, windows: bool = os.name == "nt") -> str:
    """The variables as lines for PowerShell on Windows, for a POSIX shell elsewhere."""
    form = '$env:{} = "{}"' if windows else "export {}='{}'"
    return "\n".join(form.format(name, value) for name, value in variables.items())


if __name__ == "__main__":
    sys.exit(main())
