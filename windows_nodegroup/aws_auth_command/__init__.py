"""`python -m windows_nodegroup aws-auth`: what the authenticator makes of a map, and the function's edits of it.

Nothing here writes to a cluster: an edit prints a manifest, which `kubectl apply` or `kubectl replace` takes.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from windows_nodegroup.handler import aws_auth
from windows_nodegroup.handler.entry_edit import added_until_now, recorded_role
from windows_nodegroup.handler.failures import UnreadableRecord
from windows_nodegroup.handler.owners import ANNOTATION, Added, Claim, Owners

from . import output
from .manifest import Manifest, UnusableError, content, map_roles

if TYPE_CHECKING:
    import argparse

OK, FAILED = 0, 1

#: The exit status of a command that cannot work like this: there are no others.
MISUSED = FAILED

#: Whom the record of owners names for what `upsert` added to an entry; always the same, so that twice is once.
_CLAIM = Claim(owner="aws-auth upsert", request="", issued=0)

_FILE = "a ConfigMap's manifest, in JSON or YAML as kubectl prints it; - is standard input"
_MAP = f"{_FILE}; or the bare value of mapRoles"


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.description = (
        "The map of IAM roles to Kubernetes users, read exactly as the authenticator reads it, and edited without "
        "touching what others wrote. Nothing is written to a cluster. "
        "Exit status: 0, or 1 with the reason on standard error and nothing on standard output; only check prints what "
        "it finds in either case."
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)

    read = actions.add_parser("read", help="show what the authenticator makes of a file, and what it drops or shadows")
    read.add_argument("file", metavar="FILE", help=_MAP)
    read.set_defaults(action=_show)

    show = actions.add_parser("show", help="the same of a cluster's map, with your AWS credentials and no kubeconfig")
    _add_cluster(show, required=True)
    show.set_defaults(action=_show)

    check = actions.add_parser("check", help="the same, with exit status 1 if anything is dropped, ignored or shadowed")
    check.add_argument("file", nargs="?", metavar="FILE", help=_MAP)
    _add_cluster(check)
    check.set_defaults(action=_check)

    for action in (read, show, check):
        action.add_argument("--json", action="store_true", help="print JSON")

    diff = actions.add_parser("diff", help="show what an upsert would change in a file or in a cluster's map")
    diff.add_argument("file", nargs="?", metavar="FILE", help=_MAP)
    _add_cluster(diff)
    diff.set_defaults(action=_diff)

    upsert = actions.add_parser(
        "upsert",
        help="print a manifest with the role authorised for Windows nodes, as JSON",
        description="Made for a pipe: `kubectl -n kube-system get configmap aws-auth -o yaml`, this command with - for "
        "FILE, and `kubectl replace -f -`, which refuses the change if somebody was faster.",
    )
    upsert.add_argument("file", metavar="FILE", help=_FILE)
    upsert.set_defaults(action=_upsert)

    remove = actions.add_parser(
        "remove",
        help="print a manifest without the role's entry, as JSON",
        description="Takes back what upsert did. Where that gave groups to an entry that was there, an annotation of "
        "the manifest tells; without one, the role's entry is cut out if it is exactly what upsert adds. What a stack "
        "needs, too, stays, with a note on standard error. Anything else is refused, because it may be somebody else's "
        "or a stack's. A role without an entry is fine.",
    )
    remove.add_argument("file", metavar="FILE", help=_FILE)
    remove.set_defaults(action=_remove)

    for action in (diff, upsert, remove):
        action.add_argument(
            "--role-arn", required=True, metavar="ARN", help="the nodes' role, with or without its path"
        )


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked.

    Returns:
        The exit status.

    Raises:
        OSError: Something cannot be read or written.
    """
    try:
        status, text = arguments.action(arguments)
    except aws_auth.MalformedMap as error:
        sys.stderr.write(f"aws-auth: mapRoles cannot be used: {error}\n")
        return FAILED
    except ValueError as error:
        sys.stderr.write(f"aws-auth: {error}\n")
        return FAILED
    sys.stdout.write(text)
    return int(status)


def _add_cluster(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    parser.add_argument("--cluster", required=required, metavar="NAME", help="the cluster whose map is read")
    parser.add_argument("--region", help="its region; default: the profile's")
    parser.add_argument("--profile", help="the profile whose credentials ask; default: as the AWS CLI finds them")
    parser.add_argument(
        "--kubectl-role-arn", default="", metavar="ARN", help="the role to assume for the Kubernetes API"
    )


def _text(arguments: argparse.Namespace) -> str | None:
    """Return the value of `mapRoles` of what was named."""
    cluster: str = getattr(arguments, "cluster", None) or ""
    file: str = getattr(arguments, "file", None) or ""
    if bool(file) == bool(cluster):
        raise UnusableError("name either a FILE or a --cluster")
    if file:
        return map_roles(content(file))
    from .live import LiveMap  # noqa: PLC0415 — a file needs nothing of AWS, which takes its time to load

    live = LiveMap.read(
        cluster, region=arguments.region, profile=arguments.profile, kubectl_role_arn=arguments.kubectl_role_arn
    )
    for note in live.notes:
        sys.stderr.write(f"aws-auth: {note}\n")
    return live.map_roles


def _show(arguments: argparse.Namespace) -> tuple[int, str]:
    reading = aws_auth.read(_text(arguments))
    return OK, output.as_json(reading) if arguments.json else output.as_text(reading)


def _check(arguments: argparse.Namespace) -> tuple[int, str]:
    reading = aws_auth.read(_text(arguments))
    if reading.problems:
        sys.stderr.write(f"aws-auth: something is dropped, ignored or shadowed ({len(reading.problems)} in all)\n")
    return FAILED if reading.problems else OK, output.as_json(reading) if arguments.json else output.as_text(reading)


def _diff(arguments: argparse.Namespace) -> tuple[int, str]:
    text = _text(arguments)
    return OK, output.as_diff(text or "", aws_auth.upsert(text, arguments.role_arn).text)


def _upsert(arguments: argparse.Namespace) -> tuple[int, str]:
    manifest = Manifest.read(content(arguments.file))
    owners = _owners(manifest)
    text = manifest.map_roles
    done = aws_auth.upsert(text, arguments.role_arn)
    if not done.changed:
        return OK, manifest.as_json()
    manifest = manifest.with_map_roles(done.text)
    role = recorded_role(arguments.role_arn)
    before = owners.added(role)
    needs_a_record = done.added_groups or not aws_auth.is_ours(done.text, arguments.role_arn)
    if needs_a_record and (before is None or owners.owns(role, _CLAIM)):  # a stack has its own, which then decides
        owners.claim(role, _CLAIM, added_until_now(before, done, text, arguments.role_arn))
        manifest = _with_record(manifest, owners)
    return OK, manifest.as_json()


def _remove(arguments: argparse.Namespace) -> tuple[int, str]:
    manifest = Manifest.read(content(arguments.file))
    owners = _owners(manifest)
    arn, role = aws_auth.canonical_role_arn(arguments.role_arn), recorded_role(arguments.role_arn)
    entries = [entry for entry in aws_auth.read(manifest.map_roles).entries if _is_of(entry, arn)]
    is_claimed, added = owners.owns(role, _CLAIM), None
    if is_claimed:
        added = owners.take_out(role, _CLAIM)
        manifest = _with_record(manifest, owners)
    if not entries:
        return OK, manifest.as_json()
    if added is None and is_claimed:
        sys.stderr.write(f"aws-auth: the entry of {arn} stays for a stack (annotation {ANNOTATION})\n")
        return OK, manifest.as_json()
    if added is None:
        _refuse_foreign(manifest, arn, entries[-1], owners)
        added = Added(entry=True)
    removal = aws_auth.remove(manifest.map_roles, arn, created=added.entry, added_groups=added.groups)
    if removal.kept:
        raise UnusableError(f"{removal.kept}: edit it by hand [not-ours]")
    return OK, manifest.with_map_roles(removal.text).as_json()


def _with_record(manifest: Manifest, owners: Owners) -> Manifest:
    record = owners.encode()
    return manifest.with_annotation(ANNOTATION, None if record == "{}" else record)


def _owners(manifest: Manifest) -> Owners:
    try:
        return Owners(manifest.annotations.get(ANNOTATION))
    except UnreadableRecord as failure:
        raise UnusableError(failure.reason()) from None


def _is_of(entry: aws_auth.Entry, role_arn: str) -> bool:
    """Whether an entry names the role as STS does; one with a path never matches and is not ours."""
    return entry.role_arn.lower() == role_arn.lower()


def _refuse_foreign(manifest: Manifest, role_arn: str, entry: aws_auth.Entry, owners: Owners) -> None:
    if owners.added(recorded_role(role_arn)) is not None:
        raise UnusableError(
            f"line {entry.line}: the entry of {role_arn} is recorded as a stack's (annotation {ANNOTATION}): delete the"
            " node group there first; if no stack needs the annotation any more, take it away with"
            f" `kubectl -n kube-system annotate configmap aws-auth {ANNOTATION}-` [owned]"
        )
    if not aws_auth.is_ours(manifest.map_roles, role_arn):
        raise UnusableError(
            f"line {entry.line}: the entry of {role_arn} is not exactly what upsert adds (role, username and the groups"
            f" {', '.join(aws_auth.WINDOWS_NODE_GROUPS)}), so it may be somebody else's: edit it by hand [not-ours]"
        )
