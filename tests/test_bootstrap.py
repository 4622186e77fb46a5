"""No input can break out of the user data, and every argument arrives as it was meant."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
import tree_sitter
import tree_sitter_pwsh
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.found import codes
from tests.intrinsics import evaluate
from tests.powershell_reader import (
    DOUBLE_QUOTES,
    SINGLE_QUOTES,
    NotOneItemError,
    NotOneWordError,
    arguments_of,
    assignments_of,
    script_of,
    signal_of,
)
from windows_nodegroup.bootstrap import MAX_USER_DATA_BYTES, Bootstrap
from windows_nodegroup.labels import TaintEffect, TaintSpec
from windows_nodegroup.problems import Problems
from windows_nodegroup.user_data import Signal

if TYPE_CHECKING:
    from collections.abc import Mapping

SIGNAL = Signal(stack="stack", resource="Group", region="us-west-2")
PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_pwsh.language()))
STACK = cdk.Stack()

# Whatever ends or begins something in PowerShell, in XML, in Base64 or in a template, beside all other characters.
PIECES = st.one_of(
    st.sampled_from(
        [*SINGLE_QUOTES, *DOUBLE_QUOTES, *"`$(){}@#&|;<>%\\\0\r\n\t =", "'@", "\n'@", "@'", "$(", "<#", "''"]
    ),
    st.sampled_from(
        ["</powershell>", "<powershell>", "</POWERSHELL >", "<script>", "{{resolve:ssm:x}}", "--%", "Fn::Sub"]
    ),
    st.text(max_size=8),
)
TEXTS = st.lists(PIECES, max_size=8).map("".join).filter(lambda text: "{Token[" not in text)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def user_data(bootstrap: Bootstrap, references: Mapping[str, Any] | None = None, signal: Signal | None = SIGNAL) -> str:
    """The user data as the launch agent gets it, with the values of CloudFormation parameters."""
    resolved = STACK.resolve(bootstrap.user_data(signal))
    return base64.b64decode(evaluate(resolved, references or {})).decode()


def script(bootstrap: Bootstrap, references: Mapping[str, Any] | None = None, signal: Signal | None = SIGNAL) -> str:
    """The script in the user data, after a parser of PowerShell has accepted it."""
    text = script_of(user_data(bootstrap, references, signal))
    assert not PARSER.parse(text.encode()).root_node.has_error
    return text


def problem_codes(**inputs: Any) -> list[str]:
    """The codes of all that is wrong with a node's inputs."""
    problems = Problems()
    Bootstrap(**{"cluster_name": "c"} | inputs).check(problems)
    return [problem.code for problem in (*problems.errors, *problems.warnings)]


@settings(deadline=None)
@example("'\u2019; Remove-Item C:\\ #")
@example("</powershell>")
@example("\0")
@given(TEXTS)
def test_literal_arguments(text: str) -> None:
    """Any string arrives as exactly the argument that was meant, wherever it stands."""
    read = arguments_of(
        script(
            Bootstrap(
                cluster_name=text,
                cluster_endpoint=text,
                cluster_certificate_authority_data=text,
                service_ipv4_cidr=text,
                dns_cluster_ip=text or "x",
                excluded_snat_cidrs=[text, text],
                kubelet_extra_args=[text, "--v=4"],
                kube_proxy_extra_args=[text],
            )
        )
    )
    assert read == {
        "EKSClusterName": text,
        "APIServerEndpoint": text,
        "Base64ClusterCA": text,
        "ServiceCIDR": text,
        "DNSClusterIP": text or "x",
        "ExcludedSnatCIDRs": [text, text],
        "KubeletExtraArgs": f"{text} --v=4",
        "KubeProxyExtraArgs": text,
    }


@FEW
@given(TEXTS)
def test_token_arguments(text: str) -> None:
    """So does any string that only the deployment knows."""
    token = cdk.Fn.ref("Parameter")
    bootstrap = Bootstrap(
        cluster_name=token,
        cluster_endpoint=f"https://{token}",
        cluster_certificate_authority_data=token,
        service_ipv4_cidr="10.100.0.0/16",
        dns_cluster_ip=token,
        excluded_snat_cidrs=["10.0.0.0/8", token],
    )
    assert arguments_of(script(bootstrap, {"Parameter": text})) == {
        "EKSClusterName": text,
        "APIServerEndpoint": f"https://{text}",
        "Base64ClusterCA": text,
        "ServiceCIDR": "10.100.0.0/16",
        "DNSClusterIP": text,
        "ExcludedSnatCIDRs": ["10.0.0.0/8", text],
    }


@FEW
@example(before="'@\nstop", more="' -x", after="</powershell>")
@example(before="\n'@", more="@'\n", after="\r\n'@\r\n")
@given(before=TEXTS, more=TEXTS, after=TEXTS)
def test_code_as_literal(before: str, more: str, after: str) -> None:
    """Code is code, but it stays what it is: it cannot end the script around it."""
    read = assignments_of(
        script(
            Bootstrap(
                cluster_name="c",
                pre_bootstrap_commands=[before],
                bootstrap_arguments=more,
                post_bootstrap_commands=[after, after],
            )
        )
    )
    assert read.get("$before", "") == before
    assert read.get("$more", "") == more
    assert read["$after"] == f"{after}\n{after}"


@FEW
@given(TEXTS)
def test_code_as_token(text: str) -> None:
    """Code from a CloudFormation parameter cannot end the script either."""
    token = cdk.Fn.ref("Parameter")
    bootstrap = Bootstrap(cluster_name="c", pre_bootstrap_commands=[token, "exit"], bootstrap_arguments=token)
    read = assignments_of(script(bootstrap, {"Parameter": text}))
    assert read["$before"] == f"{text}\nexit"
    assert read["$more"] == text


@FEW
@given(TEXTS)
def test_signal_arguments(text: str) -> None:
    """The signal names stack, resource and region, whatever they are."""
    token = cdk.Fn.ref("AWS::StackName")
    read = signal_of(
        script(Bootstrap(cluster_name="c"), {"AWS::StackName": text}, Signal(stack=token, resource=text, region="r"))
    )
    assert read == {"--stack=": text, "--resource=": text, "--region=": "r"}


def test_readable() -> None:
    """Who opens the user data on a node reads plain arguments and plain code, not Base64."""
    bootstrap = Bootstrap(
        cluster_name="my-cluster",
        cluster_endpoint="https://ABC.gr7.us-west-2.eks.amazonaws.com",
        cluster_certificate_authority_data="LS0tLS1CRUdJTg==",
        service_ipv4_cidr="10.100.0.0/16",
        labels={"example.com/team": "blue"},
        taints=[TaintSpec(key="os", value="windows", effect=TaintEffect.NO_EXECUTE)],
        max_pods=9,
        pre_bootstrap_commands=['Write-Output "it\'s $env:COMPUTERNAME"'],
    )
    text = user_data(bootstrap)
    assert "Base64" not in text.replace("Base64ClusterCA", "")
    assert "    EKSClusterName = 'my-cluster'\n" in text
    assert '\nWrite-Output "it\'s $env:COMPUTERNAME"\n' in text
    words = "'--node-labels=example.com/team=blue', '--register-with-taints=os=windows:NoExecute', '--max-pods=9'"
    assert f"KubeletExtraArgs = (@({words}) -join ' ')" in text


def test_least() -> None:
    """A name alone makes a script that passes the name alone."""
    assert arguments_of(script(Bootstrap(cluster_name="my-cluster"))) == {"EKSClusterName": "my-cluster"}


def test_dns_address() -> None:
    """The address of the cluster's DNS is the tenth of the service addresses, known or not, unless it is given."""
    for given_cidr, references in (("10.200.4.0/24", {}), (cdk.Fn.ref("Cidr"), {"Cidr": "10.200.4.0/24"})):
        read = arguments_of(script(Bootstrap(cluster_name="c", service_ipv4_cidr=given_cidr), references))
        assert read["DNSClusterIP"] == "10.200.4.10"
    read = arguments_of(
        script(Bootstrap(cluster_name="c", service_ipv4_cidr="10.200.4.0/24", dns_cluster_ip="10.200.4.3"))
    )
    assert read["DNSClusterIP"] == "10.200.4.3"


def test_list_token() -> None:
    """A list that only the deployment knows arrives as a list."""
    ranges = cdk.Token.as_list(cdk.Fn.ref("Ranges"))
    bootstrap = Bootstrap(cluster_name="c", excluded_snat_cidrs=cdk.Token.as_list({"Ref": "Ranges"}))
    assert ranges != ["Ranges"]
    read = arguments_of(script(bootstrap, {"Ranges": ["10.0.0.0/8", "172.16.0.0/12"]}))
    assert read["ExcludedSnatCIDRs"] == ["10.0.0.0/8", "172.16.0.0/12"]


def test_commands_in_a_list_token() -> None:
    """Commands that only the deployment knows are lines of code like all others."""
    commands = cdk.Token.as_list({"Ref": "Commands"})
    bootstrap = Bootstrap(cluster_name="c", pre_bootstrap_commands=commands, post_bootstrap_commands=commands)
    assert problem_codes(pre_bootstrap_commands=commands, post_bootstrap_commands=commands) == []
    read = assignments_of(script(bootstrap, {"Commands": ["'</powershell>", "exit"]}))
    assert read["$before"] == read["$after"] == "'</powershell>\nexit"


def test_words_in_a_list_token() -> None:
    """Words of which only the deployment knows the number stand beside others, and are checked one by one."""
    words = cdk.Token.as_list({"Ref": "Words"})
    bootstrap = Bootstrap(
        cluster_name="c", labels={"team": "blue"}, max_pods=9, kubelet_extra_args=words, kube_proxy_extra_args=words
    )
    read = arguments_of(script(bootstrap, {"Words": ["--v=4", "--a=b,c"]}))
    assert read["KubeletExtraArgs"] == "--node-labels=team=blue --max-pods=9 --v=4 --a=b,c"
    assert read["KubeProxyExtraArgs"] == "--v=4 --a=b,c"
    assert arguments_of(script(bootstrap, {"Words": []}))["KubeProxyExtraArgs"] == ""
    for wrong in ("--v 4", '--a="b"', "%PATH%"):
        with pytest.raises(NotOneWordError):
            arguments_of(script(bootstrap, {"Words": ["--v=4", wrong]}))


def test_one_label_stays_one() -> None:
    """A label or taint from a token that would be two ends the bootstrap; those beside it stay readable."""
    references = {"Team": "blue,x=y"}
    labels = Bootstrap(cluster_name="c", labels={"team": cdk.Fn.ref("Team"), "os": "windows"})
    taints = Bootstrap(cluster_name="c", taints=[TaintSpec(key="team", value=cdk.Fn.ref("Team"))])
    for bootstrap in (labels, taints):
        with pytest.raises(NotOneItemError):
            arguments_of(script(bootstrap, references))
    text = script(labels, {"Team": "blue"})
    assert "('--node-labels=' + (@((Assert-Item (ConvertFrom-Base64 'dGVhbT1ibHVl')), 'os=windows') -join ','))" in text
    assert arguments_of(text)["KubeletExtraArgs"] == "--node-labels=team=blue,os=windows"


def test_words_from_tokens() -> None:
    """Labels, taints and numbers from tokens arrive as words; more than one word ends the bootstrap."""
    bootstrap = Bootstrap(
        cluster_name="c",
        labels={"team": cdk.Fn.ref("Team")},
        taints=[TaintSpec(key="os", value=cdk.Fn.ref("Team"))],
        max_pods=cdk.Token.as_number({"Ref": "Pods"}),
        kubelet_extra_args=[cdk.Fn.ref("Extra")],
    )
    references = {"Team": "blue", "Pods": "9", "Extra": "--v=4"}
    read = arguments_of(script(bootstrap, references))
    assert (
        read["KubeletExtraArgs"]
        == "--node-labels=team=blue --register-with-taints=os=blue:NoSchedule --max-pods=9 --v=4"
    )
    for wrong in ("blue --anonymous-auth=true", 'blue"', "blue'", "blue\n", "%PATH%", "bl\u00fce"):
        with pytest.raises(NotOneWordError):
            arguments_of(script(bootstrap, references | {"Team": wrong}))


def test_word_check_of_the_script() -> None:
    """The script checks words with the expression that the reader of these tests checks them with."""
    text = script(Bootstrap(cluster_name="c", labels={"team": cdk.Fn.ref("Team")}), {"Team": "blue"})
    assert "-notmatch '\\A[!#$&(-~]+\\z'" in text
    assert "if ($Text -match ',') { throw" in text
    words = Bootstrap(cluster_name="c", kubelet_extra_args=cdk.Token.as_list({"Ref": "Words"}))
    assert '$Lines.Split("`n") | ForEach-Object { Assert-Word $_ }' in script(words, {"Words": []})


def test_commands_around() -> None:
    """Commands run before and after the bootstrap script, inside what is watched and logged."""
    bootstrap = Bootstrap(cluster_name="c", pre_bootstrap_commands=["a"], post_bootstrap_commands=["b"])
    text = script(bootstrap)
    order = [
        "try {",
        "Create($before)",
        "& $bootstrap @arguments",
        "if (-not $?)",
        "Create($after)",
        "} 3>&1",
        "$exitCode = 0",
    ]
    positions = [text.index(each) for each in order]
    assert positions == sorted(positions)


def test_own_arguments_win() -> None:
    """A parameter that stands in the arguments of one's own is dropped from ours: PowerShell refuses it twice."""
    bootstrap = Bootstrap(cluster_name="c", bootstrap_arguments=cdk.Fn.ref("Arguments"))
    text = script(bootstrap, {"Arguments": "-ServiceCIDR 'x'"})
    drop = text.index('if ($more -match "(?<![\\w-])-$name\\b") { $arguments.Remove($name) }')
    assert text.index("$arguments = @{") < drop < text.index("'& $bootstrap @arguments '")


def test_more_arguments() -> None:
    """Raw arguments are part of the call itself, whose failure still counts."""
    text = script(Bootstrap(cluster_name="c", bootstrap_arguments="-KubeletExtraArgs '--v=4'"))
    assert "[ScriptBlock]::Create('& $bootstrap @arguments ' + $more + \"`n\" +" in text
    assert """'if (-not $?) { throw "Start-EKSBootstrap.ps1 reported a failure" }'""" in text


def test_report() -> None:
    """Success and failure are signalled with the last lines of the log as the reason, and shown on the console."""
    text = script(Bootstrap(cluster_name="c"))
    assert text.index("$exitCode = 1") < text.index("try {") < text.index("$exitCode = 0") < text.index("} finally {")
    report = text[text.index("} finally {") :]
    assert "Get-Content $log -Tail" in report
    assert "SerialPort 'COM1'" in report
    assert '"--exit-code=$exitCode" "--reason=EKS: $reason"' in report


def test_late_signal() -> None:
    """A signal that is refused or cannot be sent changes nothing: what it throws is caught, and nothing follows."""
    text = script(Bootstrap(cluster_name="c"))
    after = text[text.index("cfn-signal.exe") :]
    assert "} catch {\n        Write-Output" in after
    assert "throw" not in after
    assert "exit " not in after


def test_reason_is_harmless() -> None:
    """The reason holds nothing that Windows PowerShell would hand to a program wrongly: no quotes, no backslashes."""
    assert "$tail -replace '[^0-9A-Za-z .,:;/_=()-]+', ' '" in script(Bootstrap(cluster_name="c"))


def test_no_signal() -> None:
    """Where CloudFormation is out of reach nobody is told, and the rest stays."""
    text = script(Bootstrap(cluster_name="c"), signal=None)
    assert "cfn-signal" not in text
    assert "SerialPort" in text
    assert arguments_of(text) == {"EKSClusterName": "c"}


def test_wng601_endpoint_or_authority() -> None:
    """Endpoint and authority go together."""
    assert "WNG601" in problem_codes(cluster_endpoint="https://e", service_ipv4_cidr="10.100.0.0/16")
    assert "WNG601" in problem_codes(cluster_certificate_authority_data="Q0E=")
    whole = {"cluster_endpoint": "https://e", "cluster_certificate_authority_data": "Q0E="}
    assert problem_codes(**whole, service_ipv4_cidr="10.100.0.0/16") == []


def test_wng602_endpoint_without_cidr() -> None:
    """An endpoint needs the service range, or nodes guess it; a token will do."""
    whole = {"cluster_endpoint": "https://e", "cluster_certificate_authority_data": "Q0E="}
    assert problem_codes(**whole) == ["WNG602"]
    assert problem_codes(**whole, service_ipv4_cidr=cdk.Fn.ref("Cidr")) == []


@pytest.mark.parametrize(
    "cidr", ["fd00::/108", "10.100.0.1/16", "10.100.0.0/33", "services", "10.0.0.0", "10.0.0.0/8", "10.0.0.0/25"]
)
def test_wng603_service_cidr(cidr: str) -> None:
    """Only an IPv4 range of a size that EKS has can be the range of service addresses."""
    assert problem_codes(service_ipv4_cidr=cidr) == ["WNG603"]


@pytest.mark.parametrize("cidr", ["172.16.0.0/12", "10.100.0.0/24"])
def test_service_cidr(cidr: str) -> None:
    """The largest and the smallest range that EKS has."""
    assert problem_codes(service_ipv4_cidr=cidr) == []


@pytest.mark.parametrize("address", ["10.101.0.10", "10.100.0", "fd00::a", "dns"])
def test_wng604_dns_cluster_ip(address: str) -> None:
    """The address of DNS lies within the service range."""
    assert problem_codes(service_ipv4_cidr="10.100.0.0/16", dns_cluster_ip=address) == ["WNG604"]
    assert problem_codes(service_ipv4_cidr="10.100.0.0/16", dns_cluster_ip="10.100.0.53") == []
    assert problem_codes(service_ipv4_cidr=cdk.Fn.ref("Cidr"), dns_cluster_ip="10.101.0.10") == []


def test_wng605_excluded_snat_cidrs() -> None:
    """Every range has to be an IPv4 range; tokens are left alone."""
    assert problem_codes(excluded_snat_cidrs=["10.0.0.0/8", "10.0.0.1/8"]) == ["WNG605"]
    assert problem_codes(excluded_snat_cidrs=["10.0.0.0/8", cdk.Fn.ref("Range")]) == []
    assert problem_codes(excluded_snat_cidrs=cdk.Token.as_list({"Ref": "Ranges"})) == []


@pytest.mark.parametrize(
    "word", ["--v 4", "-v=4", "v=4", '--a="b"', "--a='b'", "--a=%b%", "--a=b\n", "--", "", "--a=\u00e9"]
)
def test_wng509_extra_argument(word: str) -> None:
    """An extra argument is one word of plain ASCII that begins with two hyphens."""
    assert problem_codes(kubelet_extra_args=[word]) == ["WNG509"]
    assert problem_codes(kube_proxy_extra_args=[word]) == ["WNG509"]
    assert problem_codes(kubelet_extra_args=["--feature-gates=A=true,B=false", cdk.Fn.ref("Extra")]) == []


def test_wng510_argument_twice() -> None:
    """What an input says, an extra argument may not say again."""
    assert problem_codes(max_pods=9, kubelet_extra_args=["--max-pods=10"]) == ["WNG510"]
    assert problem_codes(
        taints=[TaintSpec(key="os")], kubelet_extra_args=["--register-with-taints=a=b:NoSchedule"]
    ) == ["WNG510"]
    assert problem_codes(kubelet_extra_args=["--max-pods=10"]) == []


def test_wng511_parameter_twice() -> None:
    """What an input gives to the script, raw arguments may not give again, in whatever case."""
    assert problem_codes(max_pods=9, bootstrap_arguments="-kubeletextraargs '--v=4'") == ["WNG511"]
    assert problem_codes(bootstrap_arguments="-EKSClusterName other") == ["WNG511"]
    assert problem_codes(max_pods=9, bootstrap_arguments="-KubeProxyExtraArgs '--v=4'") == []
    assert problem_codes(max_pods=9, bootstrap_arguments=cdk.Fn.ref("Arguments")) == []


def test_derived_dns_address_yields() -> None:
    """An address of DNS that nobody gave is no second one: what stands in the raw arguments wins."""
    arguments = {"service_ipv4_cidr": "10.100.0.0/16", "bootstrap_arguments": "-DNSClusterIP 10.100.0.53"}
    assert problem_codes(**arguments) == []
    assert problem_codes(**arguments, dns_cluster_ip="10.100.0.10") == ["WNG511"]


def test_labels_among_the_arguments() -> None:
    """Labels and taints in an extra argument are held to the same rules as all others."""

    def found(*words: str) -> list[str]:
        return problem_codes(kubelet_extra_args=words)

    assert found("--node-labels=node-role.kubernetes.io/worker=") == ["WNG503"]
    assert found("--node-labels=team=blue,a!=b", "--node-labels=b=-") == ["WNG501", "WNG502"]
    assert found("--node-labels=kubernetes.io/os=windows") == ["WNG504"]
    assert found("--node-labels=team=blue,os=windows", "--register-with-taints=a=b:NoSchedule,c:NoExecute") == []
    assert found("--register-with-taints=a=b:Never") == ["WNG505"]
    assert found("--register-with-taints=a=b:NoSchedule,a:NoSchedule") == ["WNG506"]
    assert found(f"--node-labels=kubernetes.io/a={cdk.Fn.ref('Value')}") == []


def test_wng515_unreadable_item() -> None:
    """A label has a value, and a taint an effect."""
    assert problem_codes(kubelet_extra_args=["--node-labels=team,os=windows"]) == ["WNG515"]
    assert problem_codes(kubelet_extra_args=["--register-with-taints=os=windows"]) == ["WNG515"]


def test_wng801_user_data_size() -> None:
    """User data ends at 16 KB, before the last Base64 and with that inside."""
    script_without = len(user_data(Bootstrap(cluster_name="c", pre_bootstrap_commands=["#"]), signal=None))
    room = MAX_USER_DATA_BYTES - script_without
    assert problem_codes(pre_bootstrap_commands=["#" * (room // 2)]) == []
    assert problem_codes(pre_bootstrap_commands=["#" * (room + 1)]) == ["WNG801"]
    assert problem_codes(pre_bootstrap_commands=["\u00e9" * (room // 2)]) == ["WNG801"]


def test_wng801_counts_what_is_looked_up() -> None:
    """What only the deployment knows of the cluster counts with its usual length, if nodes are told it."""
    commands = ["#" * 13000]
    assert problem_codes(pre_bootstrap_commands=commands) == ["WNG801"]
    facts = {name: cdk.Fn.ref("Fact") for name in ("cluster_endpoint", "cluster_certificate_authority_data")}
    assert problem_codes(pre_bootstrap_commands=commands, service_ipv4_cidr="10.100.0.0/16", **facts) == ["WNG801"]
    nothing = Bootstrap(cluster_name="c", pre_bootstrap_commands=commands)
    assert codes(lambda problems: nothing.check(problems, facts_are_looked_up=False)) == []
