"""`Custom::WindowsIpam`: lets EKS give Windows pods their addresses, which it does once a ConfigMap says so.

The settings are the whole cluster's. So they are never taken back, and one that somebody else has chosen is not
overwritten but refused: the deployment fails before nodes are launched. What vpc-cni installs nobody has chosen.

Where EKS manages vpc-cni, the add-on owns the map, and its configuration has to change. By default that is left to
whoever keeps this configuration, often another template, which would change it back: unless the map says so already,
the request fails with the exact command. With `AddOn` `update` it is done here: whoever asks for that lets a running
network plug-in be updated.

https://docs.aws.amazon.com/eks/latest/userguide/windows-support.html
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from . import config_map, eks, log
from .aws import Session
from .cloudformation import text_property
from .cluster_access import ClusterAccess
from .cni_add_on import AddOnLacksSettings, AddOnNotUpdated, find_add_on
from .config_map import Change
from .contract import WindowsIpam
from .failures import Failure, InvalidProperties
from .go_booleans import is_true
from .rival_writers import rival_writers
from .rollback import forgive, stack_status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .cloudformation import Request
    from .cni_add_on import AddOn
    from .config_map import ConfigMap
    from .deadline import Deadline

NAMESPACE = "kube-system"
NAME = "amazon-vpc-cni"
ENABLED = "enable-windows-ipam"

_ON = "true"
_HELM_RELEASE = "meta.helm.sh/release-name"


class _Setting(NamedTuple):
    asked_by: str  # the property
    in_add_on: str  # the configuration value
    default: str  # as vpc-cni installs it


# https://github.com/aws/amazon-vpc-cni-k8s/blob/master/charts/aws-vpc-cni/templates/configmap.yaml
_SETTINGS: Mapping[str, _Setting] = {
    ENABLED: _Setting("", "enableWindowsIpam", "false"),
    "enable-windows-prefix-delegation": _Setting(
        WindowsIpam.PREFIX_DELEGATION, "enableWindowsPrefixDelegation", "false"
    ),
    "warm-prefix-target": _Setting(WindowsIpam.WARM_PREFIX_TARGET, "warmWindowsPrefixTarget", "0"),
    "warm-ip-target": _Setting(WindowsIpam.WARM_IP_TARGET, "warmWindowsIPTarget", "1"),
    "minimum-ip-target": _Setting(WindowsIpam.MINIMUM_IP_TARGET, "minimumWindowsIPTarget", "3"),
}


class SettingTaken(Failure):
    """Somebody else has chosen another value for a setting."""

    code = "WNG923"
    documentation = "https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses.html"


def physical_id(properties: Mapping[str, Any]) -> str:
    """Return what identifies the settings: the cluster."""
    return f"windows-ipam/{text_property(properties, WindowsIpam.CLUSTER_NAME)}"


def create(request: Request, deadline: Deadline) -> Mapping[str, str]:
    """Make the settings; return the warnings.

    Raises:
        Failure: It cannot be done; nothing was changed, except perhaps by an update of the add-on.
    """
    warnings = _enable(request, deadline)
    for warning in warnings:
        log.warning(warning)
    return {WindowsIpam.WARNINGS: "\n".join(warnings) or "none"}


def update(request: Request, deadline: Deadline) -> Mapping[str, str]:
    """Make the settings what the properties say now, but never stand in the way of a rollback.

    Raises:
        Failure: It cannot be done, and the stack is not being rolled back.
    """
    status = stack_status(request, deadline)
    try:
        return create(request, deadline)
    except Failure as failure:
        return {WindowsIpam.WARNINGS: forgive(failure, status)}


def delete(request: Request, deadline: Deadline) -> Mapping[str, str]:
    """Do nothing: other Windows nodes may need the settings."""
    del request, deadline
    return {}


class _Settings:
    """What is asked for, held against what is there: anew whenever somebody else was faster.

    Attributes:
        missing: What the map lacked at the last look.
    """

    def __init__(self, request: Request) -> None:
        self.missing: Mapping[str, str] = {}
        new, old = request.properties, request.old_properties
        self._wanted = _asked(new)
        is_same_cluster = new.get(WindowsIpam.CLUSTER_NAME) == old.get(WindowsIpam.CLUSTER_NAME)
        self._former = _asked(old) if is_same_cluster else {}
        self._rivals: tuple[str, ...] = ()
        for key, value in self._wanted.items():
            is_number = _SETTINGS[key].default.isdigit()
            if not re.fullmatch("[0-9]{1,9}" if is_number else _ON, value):
                allowed = "a whole number" if is_number else "true or false"
                raise InvalidProperties(f"{_SETTINGS[key].asked_by} is {value[:50]!r}: give {allowed}")

    def look(self, current: ConfigMap | None) -> None:
        """See what the map lacks; change nothing."""
        self.missing = self._lacking(current.data if current else {})
        self._rivals = rival_writers(current, ENABLED) if current else ()
        if current and _HELM_RELEASE in current.annotations:
            self._rivals += (f"the Helm release {current.annotations[_HELM_RELEASE]}",)

    def complete(self, current: ConfigMap | None) -> Change | None:
        """Decide what to write into the map."""
        self.look(current)
        return Change(data=self.missing, annotations={}) if self.missing else None

    def lacking_in(self, add_on: AddOn) -> dict[str, str]:
        """Return the configuration values that the add-on lacks."""
        values = {key: str(add_on.values[name]) for key, (_, name, _) in _SETTINGS.items() if name in add_on.values}
        return {_SETTINGS[key].in_add_on: value for key, value in self._lacking(values).items()}

    def warnings(self) -> list[str]:
        """Return who may undo what was written."""
        names = " and ".join(self._rivals)
        warning = f"{names} may write {NAME} from a file, and takes {ENABLED} away then: set it there, too [WNG927]"
        return [warning] if names else []

    def _lacking(self, current: Mapping[str, str]) -> dict[str, str]:
        lacking = {key: value for key, value in self._wanted.items() if not _says(current.get(key), value)}
        for key, value in lacking.items():
            found, setting = current.get(key), _SETTINGS[key]
            # What is false, in whatever words, is as vpc-cni installs it.
            if value != _ON and found not in {None, setting.default, self._former.get(key)}:
                raise SettingTaken(
                    f"{key} of the cluster was set to {found!r} by somebody else, and {setting.asked_by} asks for "
                    f"{value!r}: ask for the same or for nothing, or change it there first"
                )
        return lacking


def _says(found: str | None, wanted: str) -> bool:
    return is_true(found) if wanted == _ON else found == wanted


def _asked(properties: Mapping[str, Any]) -> dict[str, str]:
    asked = {key: str(properties.get(setting.asked_by) or "").lower() for key, setting in _SETTINGS.items()}
    return {key: value for key, value in asked.items() if value not in {"", "false"}} | {ENABLED: _ON}


def _enable(request: Request, deadline: Deadline) -> list[str]:
    properties, settings = request.properties, _Settings(request)
    cluster_name = text_property(properties, WindowsIpam.CLUSTER_NAME)
    on_add_on = text_property(properties, WindowsIpam.ADD_ON, required=False)
    if on_add_on not in {"", "advise", "update"}:
        raise InvalidProperties(f"{WindowsIpam.ADD_ON} is {on_add_on[:50]!r}: give advise or update")
    session = Session.of_function(deadline)
    cluster = eks.wait_until_active(session, cluster_name)
    add_on = find_add_on(session, cluster_name, settled=on_add_on == "update")
    lacking = settings.lacking_in(add_on) if add_on else {}
    if add_on and not lacking:
        log.info("the add-on is configured for Windows")
        return []
    kubectl_role_arn = text_property(properties, WindowsIpam.KUBECTL_ROLE_ARN, required=False)
    group = text_property(properties, WindowsIpam.KUBERNETES_GROUP, required=False)
    access = ClusterAccess.through(session, cluster, kubectl_role_arn, kubernetes_group=group)
    edit = partial(config_map.edit, access.api(), NAMESPACE, NAME, advice=access)
    if add_on is None:
        edit(settings.complete)
        log.info("the map is complete", changed=_named(settings.missing))
        return settings.warnings()
    if on_add_on == "update":

        def is_complete() -> bool:
            edit(settings.look)
            return not settings.missing

        after = add_on.update(session, lacking, request.request_id, is_complete)
        if settings.missing:
            raise AddOnNotUpdated(
                f"the add-on vpc-cni is {after.status} after its update, and {NAME} still lacks "
                f"{_named(settings.missing)}: see the add-on's health, and who else writes {NAMESPACE}/{NAME}"
            )
        return []
    edit(settings.look)
    command = add_on.command(lacking)
    if settings.missing:
        raise AddOnLacksSettings(
            f"EKS manages vpc-cni of cluster {cluster_name} (from v1.14 on), and it is not configured with "
            f"{_named(settings.missing)}: run {command}, or change it where it is kept, and deploy again"
        )
    warning = f"{NAME} is complete, but its owner, the add-on vpc-cni, is not configured so, and may undo it: {command}"
    return [f"{warning} [WNG926]"]


def _named(settings: Mapping[str, str]) -> str:
    return ", ".join(f"{key} {value}" for key, value in settings.items())
