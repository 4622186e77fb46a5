"""What a new node is told: the arguments of `Start-EKSBootstrap.ps1`, wrapped in user data that reports how it went.

https://docs.aws.amazon.com/eks/latest/userguide/eks-optimized-windows-ami.html#bootstrap-script-configuration-parameters
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from typing import TYPE_CHECKING, Any

from aws_cdk import Fn, Tokenization

from . import rules
from .labels import TaintSpec, check_labels, check_taints
from .literals import is_literal, is_token_list, literals
from .powershell import in_base64, quote
from .user_data import Signal, user_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .literals import Intrinsic, Number
    from .problems import Problems

MAX_USER_DATA_BYTES = 16384
"""What EC2 accepts, before Base64."""

# The bootstrap script joins kubelet's arguments with spaces into the command line of a Windows service: a word has to
# survive being part of that, and "%" would be read as the name of an environment variable.
_WORD = re.compile(r"--[!#$&(-~]+")
_LABELS, _TAINTS = "--node-labels", "--register-with-taints"
_SET_BY_INPUTS = {_LABELS: "labels", _TAINTS: "taints", "--max-pods": "max_pods"}

_TAINT = re.compile(r"([^=:]+)(?:=([^:]*))?:([^:]+)")

# https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html
_SERVICE_PREFIXES = range(12, 24 + 1)

# How many characters the facts of a cluster have, about: they count before the deployment knows them.
_USUAL_LENGTHS = {"cluster_endpoint": 75, "cluster_certificate_authority_data": 1500, "service_ipv4_cidr": 18}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """Everything a node is told. All values may be tokens, and so may the list of ranges.

    Attributes:
        cluster_name: The cluster to join.
        cluster_endpoint: The URL of the Kubernetes API. With it and the authority, nodes need not ask EKS, which may be
            out of reach.
        cluster_certificate_authority_data: The API's certificate authority, in Base64; goes with the endpoint.
        service_ipv4_cidr: The range of the cluster's service addresses. Without it, nodes guess by their own address.
        dns_cluster_ip: The address of the cluster's DNS; by default the tenth of the service range, as EKS gives it.
        excluded_snat_cidrs: IPv4 ranges outside the VPC that pods reach under their own address.
        labels: Labels with which nodes are born.
        taints: Taints with which nodes are born.
        max_pods: The most pods on a node.
        kubelet_extra_args: More arguments for kubelet, one word each, such as `--v=4`.
        kube_proxy_extra_args: More arguments for kube-proxy, likewise.
        bootstrap_arguments: More arguments for the script. This is PowerShell code and runs as such:
            `-KubeletExtraArgs '--v=4'`.
        pre_bootstrap_commands: Lines of PowerShell to run before. An error there ends the bootstrap, and the deployment
            hears of it.
        post_bootstrap_commands: Lines of PowerShell to run after, likewise. What commands print may be read by whoever
            may read the instance's console output: print no secrets.
    """

    cluster_name: str
    cluster_endpoint: str | Intrinsic | None = None
    cluster_certificate_authority_data: str | Intrinsic | None = None
    service_ipv4_cidr: str | Intrinsic | None = None
    dns_cluster_ip: str | None = None
    excluded_snat_cidrs: Sequence[str] | None = None
    labels: Mapping[str, str] | None = None
    taints: Sequence[TaintSpec] | None = None
    max_pods: Number | None = None
    kubelet_extra_args: Sequence[str] | None = None
    kube_proxy_extra_args: Sequence[str] | None = None
    bootstrap_arguments: str | None = None
    pre_bootstrap_commands: Sequence[str] | None = None
    post_bootstrap_commands: Sequence[str] | None = None

    def check(self, problems: Problems, *, facts_are_looked_up: bool = True) -> None:
        """Check what is literal: syntax, contradictions, and the size of the user data (to which tokens will add).

        Args:
            problems: Collects what is wrong.
            facts_are_looked_up: Whether nodes will be told those facts of the cluster too that are not given here.
        """
        check_labels(self.labels, problems)
        check_taints(self.taints, problems)
        self._check_addresses(problems)
        self._check_extra_arguments(problems)
        self._check_parameters(problems)
        full = self._with_usual_facts(facts_are_looked_up=facts_are_looked_up)
        size = len(full._script(Signal(stack="", resource="", region="")))  # noqa: SLF001 — of this class
        if size > MAX_USER_DATA_BYTES:
            problems.add(rules.USER_DATA_SIZE, f"the user data has {size} bytes or more")

    def user_data(self, signal: Signal | None) -> Intrinsic:
        """The value for the launch template's `UserData`.

        Args:
            signal: Whom nodes tell how it went; None where CloudFormation's endpoint is out of their reach.
        """
        return in_base64(self._script(signal))

    def _script(self, signal: Signal | None) -> str:
        return user_data(
            arguments=self._arguments(),
            more_arguments=self.bootstrap_arguments,
            before=_lines(self.pre_bootstrap_commands),
            after=_lines(self.post_bootstrap_commands),
            signal=signal,
        )

    def _with_usual_facts(self, *, facts_are_looked_up: bool) -> Bootstrap:
        """The same with texts of the usual length for what only the deployment knows of the cluster."""
        usual: dict[str, Any] = {}
        for name, length in _USUAL_LENGTHS.items():
            value = getattr(self, name)
            if facts_are_looked_up if value is None else not is_literal(value):
                usual[name] = "~" * length  # travels in Base64, as does whatever only the deployment knows
        return replace(self, **usual)

    def _arguments(self) -> dict[str, str]:
        """The parameters of the bootstrap script, as PowerShell expressions."""
        plain = {
            "EKSClusterName": self.cluster_name,
            "APIServerEndpoint": self.cluster_endpoint,
            "Base64ClusterCA": self.cluster_certificate_authority_data,
            "ServiceCIDR": self.service_ipv4_cidr,
            "DNSClusterIP": self.dns_cluster_ip or self._tenth_service_address(),
        }
        arguments = {name: quote(value) for name, value in plain.items() if value is not None}
        if self.excluded_snat_cidrs:
            arguments["ExcludedSnatCIDRs"] = _array(self.excluded_snat_cidrs)
        if kubelet := [*self._kubelet_words(), *_words(self.kubelet_extra_args)]:
            arguments["KubeletExtraArgs"] = _joined(kubelet)
        if self.kube_proxy_extra_args:
            arguments["KubeProxyExtraArgs"] = _joined(_words(self.kube_proxy_extra_args))
        return arguments

    def _tenth_service_address(self) -> str | Intrinsic | None:
        """Where EKS puts the cluster's DNS. Service ranges are /24 or larger, so only the last number is another."""
        cidr = self.service_ipv4_cidr
        if cidr is None:
            return None
        if isinstance(cidr, str) and is_literal(cidr):
            return cidr.rpartition(".")[0] + ".10"
        numbers = {"Fn::Split": [".", cidr]}
        return {"Fn::Join": [".", [*({"Fn::Select": [index, numbers]} for index in range(3)), "10"]]}

    def _kubelet_words(self) -> list[str]:
        """What labels, taints and max_pods make of kubelet's arguments, as PowerShell expressions."""
        words = []
        if self.labels:
            words.append(_list(_LABELS, [f"{key}={value}" for key, value in self.labels.items()]))
        if self.taints:
            words.append(_list(_TAINTS, [str(taint) for taint in self.taints]))
        if self.max_pods is not None:
            known = is_literal(self.max_pods)
            number = str(self.max_pods) if known else Tokenization.stringify_number(self.max_pods)
            words.append(_word(f"--max-pods={number}"))
        return words

    def _check_addresses(self, problems: Problems) -> None:
        if (self.cluster_endpoint is None) != (self.cluster_certificate_authority_data is None):
            given = "cluster_endpoint" if self.cluster_endpoint is not None else "cluster_certificate_authority_data"
            problems.add(rules.ENDPOINT_OR_AUTHORITY, f"only {given} is given")
        elif self.cluster_endpoint is not None and self.service_ipv4_cidr is None:
            problems.add(rules.ENDPOINT_WITHOUT_CIDR, "cluster_endpoint is given without service_ipv4_cidr")
        services = None
        if isinstance(self.service_ipv4_cidr, str) and is_literal(self.service_ipv4_cidr):
            services = _network(self.service_ipv4_cidr)
            if services is None or services.prefixlen not in _SERVICE_PREFIXES:
                problems.add(rules.SERVICE_CIDR, f"service_ipv4_cidr is {self.service_ipv4_cidr!r}")
        if is_literal(self.dns_cluster_ip):
            address = _address(self.dns_cluster_ip)
            if address is None or (services is not None and address not in services):
                problems.add(
                    rules.DNS_CLUSTER_IP, f"dns_cluster_ip {self.dns_cluster_ip!r} is no address of the services"
                )
        for cidr in literals(self.excluded_snat_cidrs):
            if _network(cidr) is None:
                problems.add(rules.SNAT_CIDR, f"excluded_snat_cidrs has {cidr!r}, which is no IPv4 range")

    def _check_extra_arguments(self, problems: Problems) -> None:
        for program, words in (("kubelet", self.kubelet_extra_args), ("kube-proxy", self.kube_proxy_extra_args)):
            for word in literals(words):
                if not _WORD.fullmatch(word):
                    problems.add(rules.EXTRA_ARGUMENT, f"argument {word!r} for {program} is not one word")
        for word in literals(self.kubelet_extra_args):
            name = _SET_BY_INPUTS.get(word.partition("=")[0])
            if name and getattr(self, name) is not None:
                problems.add(rules.ARGUMENT_TWICE, f"argument {word!r} for kubelet stands beside {name}")
        self._check_given_labels(problems)

    def _check_given_labels(self, problems: Problems) -> None:
        """Hold labels and taints that stand in an extra argument to the rules of those that do not."""
        for label in self._items(_LABELS):
            key, equals, value = label.partition("=")
            if equals:
                check_labels({key: value}, problems)
            else:
                problems.add(rules.UNREADABLE_ITEM, f"argument {_LABELS} has {label!r}")
        taints = []
        for taint in self._items(_TAINTS):
            if read := _TAINT.fullmatch(taint):
                key, value, effect = read.groups("")
                taints.append(TaintSpec(key=key, value=value, effect=effect))
            else:
                problems.add(rules.UNREADABLE_ITEM, f"argument {_TAINTS} has {taint!r}")
        check_taints(taints, problems)

    def _items(self, argument: str) -> list[str]:
        """What an extra argument for kubelet lists, as far as it is known."""
        words = [word.partition("=") for word in literals(self.kubelet_extra_args)]
        return [item for name, _, items in words if name == argument for item in items.split(",") if item]

    def _check_parameters(self, problems: Problems) -> None:
        if is_literal(self.bootstrap_arguments):
            given = {name.lower() for name in self._arguments()}
            if self.dns_cluster_ip is None:
                given.discard("dnsclusterip")  # derived: what stands in the arguments wins
            for name in re.findall(r"(?<![\w-])-(\w+)", self.bootstrap_arguments):
                if name.lower() in given:
                    problems.add(rules.PARAMETER_TWICE, f"bootstrap_arguments repeat -{name}")


def _lines(commands: Sequence[str] | None) -> str | None:
    if is_token_list(commands):
        return Fn.join("\n", list(commands or ()))
    return "\n".join(commands or ()) or None


# Each of these makes PowerShell expressions. What only the deployment knows, the script itself checks.


def _word(word: str) -> str:
    return quote(word) if is_literal(word) else f"(Assert-Word {quote(word)})"


def _words(words: Sequence[str] | None) -> list[str]:
    if is_token_list(words):
        return [f"(Join-Word {quote(_lines(words) or '')})"]
    return [_word(word) for word in words or ()]


def _list(argument: str, items: Sequence[str]) -> str:
    # One that is a token could hold a comma, and would be two.
    if is_literal(items):
        return quote(f"{argument}={','.join(items)}")
    checked = [quote(item) if is_literal(item) else f"(Assert-Item {quote(item)})" for item in items]
    return f"({quote(argument + '=')} + (@({', '.join(checked)}) -join ','))"


def _joined(words: Sequence[str]) -> str:
    return f"(@({', '.join(words)}) -join ' ')"


def _array(values: Sequence[str]) -> str:
    if is_token_list(values):
        return f"{quote(Fn.join(',', list(values)))}.Split(',')"
    return f"@({', '.join(quote(value) for value in values)})"


def _network(cidr: str) -> IPv4Network | None:
    try:
        return IPv4Network(cidr)
    except (AddressValueError, NetmaskValueError, ValueError):
        return None


def _address(text: str) -> IPv4Address | None:
    try:
        return IPv4Address(text)
    except AddressValueError:
        return None
