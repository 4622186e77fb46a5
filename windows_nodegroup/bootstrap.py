"""What a new node is told: the arguments of `Start-EKSBootstrap.ps1`, wrapped in user data that reports how it went.

https://docs.aws.amazon.com/eks/latest/userguide/eks-optimized-windows-ami.html#bootstrap-script-configuration-parameters
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from typing import TYPE_CHECKING

from aws_cdk import Fn, Tokenization

from . import rules
from .labels import check_labels, check_taints
from .literals import is_literal, is_token_list, literals
from .powershell import in_base64, quote
from .user_data import Signal, user_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .labels import TaintSpec
    from .literals import Intrinsic, Number
    from .problems import Problems

MAX_USER_DATA_BYTES = 16384
"""What EC2 accepts, before Base64."""

# The bootstrap script joins kubelet's arguments with spaces into the command line of a Windows service: a word has to
# survive being part of that, and "%" would be read as the name of an environment variable.
_WORD = re.compile(r"--[!#$&(-~]+")
_SET_BY_INPUTS = {"--node-labels": "labels", "--register-with-taints": "taints", "--max-pods": "max_pods"}


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

    def check(self, problems: Problems) -> None:
        """Check what is literal: syntax, contradictions, and the size of the user data (to which tokens will add)."""
        check_labels(self.labels, problems)
        check_taints(self.taints, problems)
        self._check_addresses(problems)
        self._check_extra_arguments(problems)
        size = len(self._script(Signal(stack="", resource="", region="")))
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
            before=self.pre_bootstrap_commands,
            after=self.post_bootstrap_commands,
            signal=signal,
        )

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
        if kubelet := self._kubelet_words():
            arguments["KubeletExtraArgs"] = _words(kubelet)
        if self.kube_proxy_extra_args:
            arguments["KubeProxyExtraArgs"] = _words(self.kube_proxy_extra_args)
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
        words = []
        if self.labels:
            words.append("--node-labels=" + ",".join(f"{key}={value}" for key, value in self.labels.items()))
        if self.taints:
            words.append("--register-with-taints=" + ",".join(map(str, self.taints)))
        if self.max_pods is not None:
            words.append(
                "--max-pods="
                + (str(self.max_pods) if is_literal(self.max_pods) else Tokenization.stringify_number(self.max_pods))
            )
        return [*words, *(self.kubelet_extra_args or ())]

    def _check_addresses(self, problems: Problems) -> None:
        if (self.cluster_endpoint is None) != (self.cluster_certificate_authority_data is None):
            given = "cluster_endpoint" if self.cluster_endpoint is not None else "cluster_certificate_authority_data"
            problems.add(rules.ENDPOINT_OR_AUTHORITY, f"only {given} is given")
        elif self.cluster_endpoint is not None and self.service_ipv4_cidr is None:
            problems.add(rules.ENDPOINT_WITHOUT_CIDR, "cluster_endpoint is given without service_ipv4_cidr")
        services = None
        if isinstance(self.service_ipv4_cidr, str) and is_literal(self.service_ipv4_cidr):
            services = _network(self.service_ipv4_cidr)
            if services is None:
                problems.add(rules.SERVICE_CIDR, f"service_ipv4_cidr {self.service_ipv4_cidr!r} is no IPv4 range")
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
        if is_literal(self.bootstrap_arguments):
            given = {name.lower() for name in self._arguments()}
            for name in re.findall(r"(?<![\w-])-(\w+)", self.bootstrap_arguments):
                if name.lower() in given:
                    problems.add(rules.PARAMETER_TWICE, f"bootstrap_arguments repeat -{name}")


def _words(words: Sequence[str]) -> str:
    """Joins words, of which the script itself checks those that are known only to the deployment."""
    if is_token_list(words):
        return quote(Fn.join(" ", list(words)))
    checked = [quote(word) if is_literal(word) else f"(Assert-Word {quote(word)})" for word in words]
    return f"(@({', '.join(checked)}) -join ' ')"


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
