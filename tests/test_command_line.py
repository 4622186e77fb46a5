"""The operators' command `aws-auth`, as it is typed and piped."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from windows_nodegroup.__main__ import main
from windows_nodegroup.handler.aws_auth import NODE_USERNAME, WINDOWS_NODE_GROUPS, upsert
from windows_nodegroup.handler.owners import ANNOTATION

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws import LocalAws
    from local_aws.cluster_creation import LocalCluster

ARN = "arn:aws:iam::111122223333:role/windows"
FOREIGN = """\
# team A
- rolearn: arn:aws:iam::111122223333:role/linux  # 太郎 🚀
  username: system:node:{{EC2PrivateDNSName}}
  groups: [system:bootstrappers, system:nodes]
"""
_READINGS: list[dict[str, Any]] = [
    reading
    for name in ("authenticator-readings.json", "authenticator-readings-more.json")
    for reading in json.loads((Path(__file__).parent / "data" / name).read_text("utf-8"))["readings"]
]


class Outcome:
    """What a command printed, and its exit status."""

    def __init__(self, status: int, out: bytes, error: bytes) -> None:
        """Keep them."""
        self.status, self.out, self.error = status, out.decode("utf-8"), error.decode("utf-8")

    def manifest(self) -> dict[str, Any]:
        """Return the manifest that was printed."""
        assert (self.status, self.error) == (0, "")
        found: dict[str, Any] = json.loads(self.out)
        return found

    def refusal(self) -> str:
        """Return why nothing was done."""
        assert (self.status, self.out) == (1, "")
        assert self.error.startswith("aws-auth: ")
        return self.error


@pytest.fixture(name="aws_auth")
def _aws_auth(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Outcome]:
    """Runs the command in this process with something on standard input."""

    def run(*arguments: str, given: str | bytes = "") -> Outcome:
        octets = given.encode("utf-8", "surrogatepass") if isinstance(given, str) else given
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(octets), "ascii"))
        status = main(["aws-auth", *arguments])
        captured = capsysbinary.readouterr()
        return Outcome(status, captured.out, captured.err)

    return run


def _manifest(text: str | None, **metadata: object) -> dict[str, Any]:
    found: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "aws-auth", "namespace": "kube-system", "resourceVersion": "42"} | metadata,
    }
    return found if text is None else found | {"data": {"mapRoles": text, "mapUsers": "[]"}}


def _as_yaml(text: str | None) -> str:
    return yaml.safe_dump(_manifest(text), allow_unicode=True)


@pytest.mark.parametrize("reading", [pytest.param(reading, id=reading["name"]) for reading in _READINGS])
def test_read_prints_what_the_authenticator_reads(aws_auth: Callable[..., Outcome], reading: dict[str, Any]) -> None:
    """Of every measured map, given in a manifest or bare, the same roles come out; or the reason why none do."""
    error = reading["error"] or ""
    locks_out = bool(error) and not ("cannot unmarshal" in error and "[]main.Role" not in error)
    for given in (json.dumps(_manifest(reading["mapRoles"])), reading["mapRoles"]):
        outcome = aws_auth("read", "-", "--json", given=given)
        if locks_out:
            assert "mapRoles cannot be used" in outcome.refusal()
            continue
        assert (outcome.status, outcome.error) == (0, "")
        found = json.loads(outcome.out)
        roles = [{key: role[key] for key in ("rolearn", "username", "groups")} for role in found["roles"]]
        assert roles == [
            {"rolearn": role.get("rolearn", ""), "username": role["username"], "groups": role["groups"]}
            for role in reading["roles"]
        ]
        assert set(found) == {"roles", "problems"}
        assert all(set(role) == {"rolearn", "username", "groups", "effective"} for role in found["roles"])
        assert all(set(problem) == {"code", "line", "message"} for problem in found["problems"])
        assert not error or found["problems"]


@pytest.mark.parametrize(
    "text", [FOREIGN, FOREIGN.replace("\n", "\r\n"), "\ufeff" + FOREIGN, FOREIGN.strip(), "[]", ""]
)
def test_upsert_edits_the_map_and_nothing_else(aws_auth: Callable[..., Outcome], text: str) -> None:
    """The manifest comes out as JSON with the new text; from JSON and from YAML alike, character by character."""
    expected = _manifest(upsert(text, ARN).text)
    for given in (
        json.dumps(_manifest(text)),
        json.dumps(_manifest(text), indent=4, ensure_ascii=False),
        _as_yaml(text),
    ):
        assert aws_auth("upsert", "-", "--role-arn", ARN, given=given).manifest() == expected


def test_upsert_of_a_map_without_data(aws_auth: Callable[..., Outcome]) -> None:
    """A ConfigMap that has nothing yet gets the key."""
    for empty in (_manifest(None), _manifest(None) | {"data": None}, _manifest(None) | {"data": {}}):
        manifest = aws_auth("upsert", "-", "--role-arn", ARN, given=json.dumps(empty)).manifest()
        assert manifest["data"] == {"mapRoles": upsert(None, ARN).text}


def test_upsert_keeps_the_types_of_everything_else(aws_auth: Callable[..., Outcome]) -> None:
    """Booleans, numbers and times of a YAML manifest come out as kubectl understands them."""
    given = _as_yaml(FOREIGN) + "immutable: false\nnumbers: [1, 2.5]\n"
    given = given.replace("  name: aws-auth\n", "  name: aws-auth\n  creationTimestamp: 2024-01-01T00:00:00Z\n")
    manifest = aws_auth("upsert", "-", "--role-arn", ARN, given=given).manifest()
    assert (manifest["immutable"], manifest["numbers"]) == (False, [1, 2.5])
    assert manifest["metadata"]["creationTimestamp"] == "2024-01-01T00:00:00Z"


def test_keys_that_are_no_text_come_out_as_kubectl_reads_them(aws_auth: Callable[..., Outcome]) -> None:
    """Numbers and booleans become text, as in sigs.k8s.io/yaml, where a number has the precision of a `float32`."""
    written = "1: a, y: b, 1.5: c, 1e3: d, 123456789.0: e, 1e-5: f, -2.50: g, 1e300: h, -.inf: i, 0x10: k, 100000.5: m"
    manifest = aws_auth("upsert", "-", "--role-arn", ARN, given=f"kind: ConfigMap\ndata: {{{written}}}\n").manifest()
    keys = "1 true 1.5 1000 1.2345679e+08 1e-05 -2.5 .inf -.inf 16 100000.5 mapRoles"
    assert list(manifest["data"]) == keys.split()


@pytest.mark.parametrize(("before", "after"), [("", "---\n"), ("---\n---\n", ""), ("# a\n---\n", "---\n# b\n...\n")])
def test_empty_documents_around_the_manifest(aws_auth: Callable[..., Outcome], before: str, after: str) -> None:
    """They are passed over, as by kubectl."""
    given = before + _as_yaml(FOREIGN) + after
    assert aws_auth("upsert", "-", "--role-arn", ARN, given=given).manifest() == _manifest(upsert(FOREIGN, ARN).text)
    assert len(json.loads(aws_auth("read", "-", "--json", given=given).out)["roles"]) == 1


def test_a_manifest_without_a_namespace(aws_auth: Callable[..., Outcome]) -> None:
    """Kubectl's option or context names it then."""
    manifest = _manifest(FOREIGN)
    del manifest["metadata"]["namespace"]
    assert aws_auth("upsert", "-", "--role-arn", ARN, given=json.dumps(manifest)).status == 0


def test_an_immutable_map_can_be_read_and_stay_as_it_is(aws_auth: Callable[..., Outcome]) -> None:
    """Only a change of it would be refused."""
    manifest = _manifest(upsert(FOREIGN, ARN).text) | {"immutable": True}
    assert aws_auth("upsert", "-", "--role-arn", ARN, given=json.dumps(manifest)).manifest() == manifest
    assert len(json.loads(aws_auth("read", "-", "--json", given=json.dumps(manifest)).out)["roles"]) == 2
    refusal = aws_auth("remove", "-", "--role-arn", ARN, given=json.dumps(manifest)).refusal()
    assert "[immutable]" in refusal


@pytest.mark.parametrize("kind", ["List", "ConfigMapList"])
def test_a_list_of_the_one_map(aws_auth: Callable[..., Outcome], kind: str) -> None:
    """A list whose only item is the map comes out as a list."""
    around: dict[str, Any] = {"apiVersion": "v1", "kind": kind, "metadata": {"resourceVersion": ""}}
    given = json.dumps({**around, "items": [_manifest(FOREIGN)]})
    done = aws_auth("upsert", "-", "--role-arn", ARN, given=given)
    assert done.manifest() == {**around, "items": [_manifest(upsert(FOREIGN, ARN).text)]}
    assert aws_auth("remove", "-", "--role-arn", ARN, given=done.out).manifest() == json.loads(given)
    assert len(json.loads(aws_auth("read", "-", "--json", given=given).out)["roles"]) == 1


def test_a_map_that_is_null(aws_auth: Callable[..., Outcome]) -> None:
    """A null is an empty map."""
    for given in (json.dumps(_manifest(None) | {"data": {"mapRoles": None}}), "kind: ConfigMap\ndata:\n  mapRoles:\n"):
        manifest = aws_auth("upsert", "-", "--role-arn", ARN, given=given).manifest()
        assert manifest["data"] == {"mapRoles": upsert(None, ARN).text}
        assert json.loads(aws_auth("read", "-", "--json", given=given).out)["roles"] == []


def test_upsert_of_what_is_there_prints_the_manifest_as_it_is(aws_auth: Callable[..., Outcome]) -> None:
    """Nothing to do is no failure."""
    manifest = _manifest(upsert(FOREIGN, ARN).text)
    assert aws_auth("upsert", "-", "--role-arn", ARN, given=json.dumps(manifest)).manifest() == manifest


def test_remove_takes_back_what_upsert_did(aws_auth: Callable[..., Outcome]) -> None:
    """In a pipe, the two leave the manifest as it was."""
    manifest = _manifest(FOREIGN)
    done = aws_auth("upsert", "-", "--role-arn", ARN, given=json.dumps(manifest)).out
    assert aws_auth("remove", "-", "--role-arn", ARN, given=done).manifest() == manifest


LINUX = "arn:aws:iam::111122223333:role/linux"


@pytest.mark.parametrize(
    "text",
    [
        FOREIGN,
        json.dumps(yaml.safe_load(FOREIGN)),
        FOREIGN.replace(", system:nodes", ""),
        FOREIGN.replace("groups: [", "groups: &g [") + "- {rolearn: x, groups: *g}\n",
        "- rolearn: x\n  groups: &g [system:nodes]\n" + FOREIGN.replace("[system:bootstrappers, system:nodes]", "*g"),
    ],
)
def test_remove_takes_back_groups_and_leaves_the_entry(aws_auth: Callable[..., Outcome], text: str) -> None:
    """An entry that was there, of Linux nodes say, stays as it was: an annotation tells what upsert added to it."""
    notes = {"team": "a"}
    for manifest in (
        _manifest(text),
        _manifest(text, annotations=notes),
        _manifest(text, annotations=notes | {"x": "y"}),
    ):
        done = aws_auth("upsert", "-", "--role-arn", LINUX, given=json.dumps(manifest))
        assert done.status == 0
        again = aws_auth("upsert", "-", "--role-arn", LINUX, given=done.out)
        assert again.out == done.out
        restored = aws_auth("remove", "-", "--role-arn", LINUX, given=done.out)
        assert restored.manifest() == manifest
        assert restored.out == json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"


def test_upsert_in_two_steps_is_taken_back_whole(aws_auth: Callable[..., Outcome]) -> None:
    """What a second upsert had to add again is taken back, too, with the other roles' records left."""
    text, other = FOREIGN + FOREIGN.replace("linux", "other"), LINUX.replace("linux", "other")
    given = json.dumps(_manifest(text))
    for arn in (LINUX, other, LINUX):
        given = aws_auth("upsert", "-", "--role-arn", arn, given=given).out
    left = aws_auth("remove", "-", "--role-arn", LINUX, given=given).manifest()
    assert (
        left["data"]["mapRoles"]
        == upsert(FOREIGN + FOREIGN.replace("linux", "other"), LINUX.replace("linux", "other")).text
    )
    assert list(json.loads(left["metadata"]["annotations"][ANNOTATION])["roles"]) == [LINUX.replace("linux", "other")]


def test_remove_leaves_what_was_rewritten_since(aws_auth: Callable[..., Outcome]) -> None:
    """An entry that is another user's by now keeps the groups that upsert added."""
    done = aws_auth("upsert", "-", "--role-arn", LINUX, given=json.dumps(_manifest(FOREIGN))).manifest()
    done["data"]["mapRoles"] = done["data"]["mapRoles"].replace(NODE_USERNAME, "alice")
    refusal = aws_auth("remove", "-", "--role-arn", LINUX, given=json.dumps(done)).refusal()
    assert "line 2: " in refusal
    assert "[not-ours]" in refusal


def test_the_same_name_in_two_partitions(aws_auth: Callable[..., Outcome]) -> None:
    """Roles of two partitions are two roles, and what was added to each is taken back from each."""
    text = FOREIGN + FOREIGN.replace("arn:aws:", "arn:aws-cn:")
    given = json.dumps(_manifest(text))
    for action in ("upsert", "remove"):
        for role in (LINUX, LINUX.replace("arn:aws:", "arn:aws-cn:")):
            given = aws_auth(action, "-", "--role-arn", role, given=given).out
    assert json.loads(given) == _manifest(text)


def test_the_record_of_a_stack_stays_the_stacks(aws_auth: Callable[..., Outcome]) -> None:
    """Where a stack is recorded, upsert records nothing, and remove takes nothing away."""
    record = {"roles": {LINUX: {"added": ["eks:kube-proxy-windows"], "owners": {"stack/0/id": "1 0"}}}}
    manifest = _manifest(FOREIGN, annotations={ANNOTATION: json.dumps(record)})
    done = aws_auth("upsert", "-", "--role-arn", LINUX, given=json.dumps(manifest))
    assert done.manifest()["metadata"] == manifest["metadata"]
    assert "[owned]" in aws_auth("remove", "-", "--role-arn", LINUX, given=done.out).refusal()


def test_remove_withdraws_its_claim_from_an_entry_that_a_stack_needs(aws_auth: Callable[..., Outcome]) -> None:
    """What upsert did is the stack's alone from then on: the entry stays, with a note."""
    done = aws_auth("upsert", "-", "--role-arn", LINUX, given=json.dumps(_manifest(FOREIGN))).manifest()
    record = json.loads(done["metadata"]["annotations"][ANNOTATION])
    record["roles"][LINUX]["owners"]["stack/0/id"] = "1 0"
    done["metadata"]["annotations"][ANNOTATION] = json.dumps(record)
    left = aws_auth("remove", "-", "--role-arn", LINUX, given=json.dumps(done))
    assert (left.status, left.error) == (
        0,
        f"aws-auth: the entry of {LINUX} stays for a stack (annotation {ANNOTATION})\n",
    )
    manifest = json.loads(left.out)
    assert manifest["data"] == done["data"]
    assert json.loads(manifest["metadata"]["annotations"][ANNOTATION])["roles"] == {
        LINUX: {"added": ["eks:kube-proxy-windows"], "owners": {"stack/0/id": "1 0"}}
    }
    assert "[owned]" in aws_auth("remove", "-", "--role-arn", LINUX, given=left.out).refusal()


@pytest.mark.parametrize("record", ["nonsense", 5])
@pytest.mark.parametrize("arn", [ARN, LINUX])
@pytest.mark.parametrize("action", ["upsert", "remove"])
def test_a_damaged_record_is_refused(aws_auth: Callable[..., Outcome], action: str, arn: str, record: object) -> None:
    """Where nobody knows who needs an entry, neither edit guesses, be it for a new entry or for one that is there."""
    manifest = _manifest(FOREIGN, annotations={ANNOTATION: record})
    refusal = aws_auth(action, "-", "--role-arn", arn, given=json.dumps(manifest)).refusal()
    assert f"annotate configmap aws-auth {ANNOTATION}-" in refusal
    assert "[WNG913]" in refusal


def test_remove_of_what_is_not_there_prints_the_manifest_as_it_is(aws_auth: Callable[..., Outcome]) -> None:
    """A role without an entry, or a ConfigMap without a map, is no failure."""
    for manifest in (_manifest(FOREIGN), _manifest(None)):
        assert aws_auth("remove", "-", "--role-arn", ARN, given=json.dumps(manifest)).manifest() == manifest


@pytest.mark.parametrize(
    "change", [("windows", "Windows"), ("eks:kube-proxy-windows", "system:masters"), ("  user", "  x: y\n  user")]
)
def test_remove_refuses_an_entry_that_may_be_somebody_elses(
    aws_auth: Callable[..., Outcome], change: tuple[str, str]
) -> None:
    """Without a record, only an entry that says exactly what upsert writes is known to be ours."""
    text = FOREIGN + upsert(None, ARN).text.replace(*change, 1)
    refusal = aws_auth("remove", "-", "--role-arn", ARN, given=json.dumps(_manifest(text))).refusal()
    assert "line 5: " in refusal
    assert "[not-ours]" in refusal


def test_remove_refuses_an_entry_that_a_stack_needs(aws_auth: Callable[..., Outcome]) -> None:
    """The annotation beside the map says who needs it; without the annotation, the entry goes."""
    record = {"roles": {ARN: {"added": "entry", "owners": {"stack/0/id": "1 0"}}}}
    manifest = _manifest(upsert(None, ARN).text, annotations={ANNOTATION: json.dumps(record)})
    refusal = aws_auth("remove", "-", "--role-arn", ARN, given=json.dumps(manifest)).refusal()
    assert f"`kubectl -n kube-system annotate configmap aws-auth {ANNOTATION}-` [owned]" in refusal
    del manifest["metadata"]["annotations"]
    left = aws_auth("remove", "-", "--role-arn", ARN, given=json.dumps(manifest)).manifest()
    assert left["data"]["mapRoles"] == "[]\n"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "[no-manifest]"),
        ("- rolearn: x\n", "[no-manifest]"),
        ("{", "[no-manifest]"),
        ("[" * 20_000, "[no-manifest]"),
        ("kind: Secret\n", "manifest of a Secret"),
        (json.dumps({"kind": "List", "items": [_manifest(FOREIGN)] * 2}), "take the item out of the list"),
        (json.dumps({"kind": "List", "items": [_manifest(FOREIGN, name="x")]}), "ConfigMap x"),
        (json.dumps(_manifest(FOREIGN) | {"x": float("nan")}), "[not-json]"),
        (json.dumps(_manifest(FOREIGN) | {"x": float("-inf")}), "[not-json]"),
        (json.dumps(_manifest(FOREIGN) | {"x": 1}).replace('"x": 1', '"x": 1e999'), "[not-json]"),
        (json.dumps({"kind": "ConfigMapList", "items": []}), "take the item out of the list"),
        (_as_yaml(FOREIGN) + "---\n" + _as_yaml(FOREIGN), "[several-documents]"),
        (json.dumps(_manifest(FOREIGN, name="coredns")), "ConfigMap coredns"),
        (json.dumps(_manifest(FOREIGN, namespace="default")), "ConfigMap of namespace default"),
        (json.dumps(_manifest(FOREIGN) | {"immutable": True}), "`kubectl replace --force`"),
        (json.dumps(_manifest(None) | {"data": {"mapRoles": []}}), "[not-text]"),
        (json.dumps(_manifest(None) | {"data": "x"}), "[no-manifest]"),
        (json.dumps(_manifest("- a: {{x}}\n")), "mapRoles cannot be used: line 1: "),
        (json.dumps(_manifest(f"- rolearn: {ARN}\n  username: x\n")), "[username-conflict]"),
        (b"\xff\xfe{", "not UTF-8"),
    ],
)
def test_what_cannot_be_used_is_refused(aws_auth: Callable[..., Outcome], given: str | bytes, reason: str) -> None:
    """Exit status 1, the reason on standard error, and nothing on standard output."""
    assert reason in aws_auth("upsert", "-", "--role-arn", ARN, given=given).refusal()


@pytest.mark.parametrize("action", ["upsert", "remove", "diff"])
def test_what_is_no_role_is_refused(aws_auth: Callable[..., Outcome], action: str) -> None:
    """The ARN of anything else is named, with an example."""
    refusal = aws_auth(action, "-", "--role-arn", "windows", given=json.dumps(_manifest(FOREIGN))).refusal()
    assert "[role-arn]" in refusal


def test_a_file_that_is_not_there(aws_auth: Callable[..., Outcome], tmp_path: Path) -> None:
    """A missing file is named."""
    assert "nowhere.yaml" in aws_auth("read", str(tmp_path / "nowhere.yaml")).refusal()


def test_a_file_is_read_like_standard_input(aws_auth: Callable[..., Outcome], tmp_path: Path) -> None:
    """Line ends and encoding are taken as they are, on every system."""
    file = tmp_path / "map.json"
    file.write_bytes(json.dumps(_manifest(FOREIGN.replace("\n", "\r\n")), ensure_ascii=False).encode())
    manifest = aws_auth("upsert", str(file), "--role-arn", ARN).manifest()
    assert manifest["data"]["mapRoles"].startswith(FOREIGN.replace("\n", "\r\n"))


def test_read_for_a_person(aws_auth: Callable[..., Outcome]) -> None:
    """Entries with what they give, and what is wrong with the others."""
    text = FOREIGN + "- hello\n" + FOREIGN.replace("# team A\n", "").replace("role/", "role/path/")
    sso = "- sso: {permissionSetName: Admin, accountID: '012345678912'}\n  username: admin\n"
    outcome = aws_auth("read", "-", given=text + sso)
    assert outcome.status == 0
    assert "role/linux\n    line      2\n    username  system:node" in outcome.out
    assert "groups    system:bootstrappers, system:nodes\n" in outcome.out
    assert "role/path/linux   (without effect)\n" in outcome.out
    assert "permission set Admin of account 012345678912\n" in outcome.out
    assert "[entry-not-a-mapping]" in outcome.out


def test_what_commands_a_terminal_is_shown_escaped(aws_auth: Callable[..., Outcome]) -> None:
    """A map cannot colour, move or break the lines that are shown of it."""
    outcome = aws_auth("read", "-", given='- rolearn: "role/\\e[31m"\n  username: 太郎\n  groups: ["a\\nb"]\n')
    assert outcome.out.startswith("role/\\x1b[31m")
    assert "username  太郎\n    groups    a\\nb\n" in outcome.out
    assert all(char.isprintable() or char == "\n" for char in outcome.out)


def test_check_fails_when_anything_is_lost(aws_auth: Callable[..., Outcome]) -> None:
    """The exit status tells a pipeline whether the map says what it seems to say."""
    assert aws_auth("check", "-", given=FOREIGN).status == 0
    outcome = aws_auth("check", "-", "--json", given=FOREIGN + "- hello\n")
    assert outcome.status == 1
    assert outcome.error == "aws-auth: something is dropped, ignored or shadowed (1 in all)\n"
    assert [problem["code"] for problem in json.loads(outcome.out)["problems"]] == ["entry-not-a-mapping"]
    assert "line 5" in aws_auth("check", "-", given=FOREIGN + "\t- x\n").refusal()


def test_diff_shows_what_an_upsert_would_do(aws_auth: Callable[..., Outcome]) -> None:
    """Only the lines of the entry are added; where nothing would change, nothing is shown."""
    outcome = aws_auth("diff", "-", "--role-arn", ARN, given=FOREIGN)
    added = [line for line in outcome.out.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert "\n".join(line[1:] for line in added) + "\n" == upsert(None, ARN).text
    assert "\n-" not in outcome.out.replace("\n---", "")
    assert aws_auth("diff", "-", "--role-arn", ARN, given=upsert(FOREIGN, ARN).text).out == ""


@pytest.mark.parametrize("arguments", [[], [""], ["--cluster", ""], ["-", "--cluster", "x"]])
def test_one_map_is_named(aws_auth: Callable[..., Outcome], arguments: list[str]) -> None:
    """A file and a cluster at once, or neither, is refused; an empty name, of a variable that is not set, is none."""
    assert "either a FILE or a --cluster" in aws_auth("check", *arguments).refusal()


def test_in_a_pipe_of_processes() -> None:
    """The whole way: bytes in, bytes out, without the CDK and without AWS's libraries."""
    script = (
        "import sys, runpy\nsys.argv = ['x', 'aws-auth', *sys.argv[1:]]\n"
        "try:\n    runpy.run_module('windows_nodegroup', run_name='__main__')\n"
        "except SystemExit as end:\n    status = end.code\n"
        "loaded = {'aws_cdk', 'botocore', 'boto3'} & set(sys.modules)\n"
        "sys.exit(f'loaded {loaded}' if loaded else status)"
    )
    given = json.dumps(_manifest(FOREIGN), ensure_ascii=False).encode()
    for action in ("upsert", "remove"):
        command = [sys.executable, "-c", script, action, "-", "--role-arn", ARN]
        done = subprocess.run(
            command, input=given, capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "ascii"}
        )
        assert (done.returncode, done.stderr) == (0, b"")
        given = done.stdout
    assert json.loads(given) == _manifest(FOREIGN)


@pytest.mark.parametrize(
    "arguments",
    [[], ["upsert"], ["upsert", "-"], ["upsert", "-", "--role-arn"], ["read", "-", "--no-such"], ["nothing"], ["show"]],
)
def test_a_command_line_that_is_wrong(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """Exit status 1, the reason on standard error, and nothing on standard output, as for any other reason."""
    with pytest.raises(SystemExit) as ended:
        main(["aws-auth", *arguments])
    captured = capsys.readouterr()
    assert (ended.value.code, captured.out) == (1, "")
    assert "error: " in captured.err


def test_a_command_that_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    """Where no command was understood, the exit status is the usual one."""
    with pytest.raises(SystemExit) as ended:
        main(["nothing"])
    assert ended.value.code == 2
    assert capsys.readouterr().out == ""


def test_help_names_everything(capsys: pytest.CaptureFixture[str]) -> None:
    """Every action explains itself."""
    for arguments in (
        ["--help"],
        *(["aws-auth", *action.split(), "--help"] for action in ("", "read", "remove", "diff")),
    ):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0
        assert "usage: python -m windows_nodegroup" in capsys.readouterr().out


@pytest.mark.xdist_group("check_command")
class TestLive:
    """The same against a cluster of the local AWS."""

    @pytest.fixture(autouse=True)
    def _terminal(self, aws: LocalAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name, value in aws.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
        # Tests of the function, in the same process, have its log written to standard output.
        monkeypatch.setattr(logging.getLogger("windows_nodegroup.handler"), "handlers", [logging.NullHandler()])

    @pytest.fixture
    def cluster(self, aws: LocalAws, tmp_path: Path) -> LocalCluster:
        """A cluster with a map."""
        return aws.create_cluster(f"live-{tmp_path.name[-12:].replace('_', '-')}", aws_auth=FOREIGN)

    def test_show(self, cluster: LocalCluster, aws_auth: Callable[..., Outcome]) -> None:
        """The map is read with nothing but AWS credentials."""
        options = ["--cluster", cluster.name, "--kubectl-role-arn", cluster.creator_role_arn]
        outcome = aws_auth("show", *options, "--json")
        assert outcome.error == ""
        assert [role["rolearn"] for role in json.loads(outcome.out)["roles"]] == [LINUX]

    def test_diff_writes_nothing(self, cluster: LocalCluster, aws_auth: Callable[..., Outcome]) -> None:
        """A dry run of the upsert leaves the cluster as it is."""
        options = ["--cluster", cluster.name, "--kubectl-role-arn", cluster.creator_role_arn]
        outcome = aws_auth("diff", *options, "--role-arn", ARN)
        assert outcome.status == 0
        assert all(group in outcome.out for group in (*WINDOWS_NODE_GROUPS, NODE_USERNAME, ARN))
        found = cluster.kubernetes.config_map("kube-system", "aws-auth")
        assert found is not None
        assert found["data"]["mapRoles"] == FOREIGN

    def test_check(self, cluster: LocalCluster, aws_auth: Callable[..., Outcome]) -> None:
        """Problems of a live map end in exit status 1."""
        options = ["--cluster", cluster.name, "--kubectl-role-arn", cluster.creator_role_arn]
        assert aws_auth("check", *options).status == 0
        cluster.kubernetes.put_config_map("kube-system", "aws-auth", {"mapRoles": FOREIGN + "- hello\n"})
        assert aws_auth("check", *options).status == 1

    def test_no_map(self, cluster: LocalCluster, aws_auth: Callable[..., Outcome]) -> None:
        """A map without the key is an empty one."""
        cluster.kubernetes.put_config_map("kube-system", "aws-auth", {})
        options = ["--cluster", cluster.name, "--kubectl-role-arn", cluster.creator_role_arn]
        assert json.loads(aws_auth("show", *options, "--json").out)["roles"] == []

    def test_a_caller_whom_the_cluster_does_not_know(
        self, cluster: LocalCluster, aws_auth: Callable[..., Outcome]
    ) -> None:
        """The refusal names who asked, and the command that gives access."""
        refusal = aws_auth("show", "--cluster", cluster.name).refusal()
        assert "arn:aws:iam::" in refusal
        assert "aws eks create-access-entry" in refusal

    def test_a_cluster_that_ignores_the_map(self, aws: LocalAws, aws_auth: Callable[..., Outcome]) -> None:
        """In mode API the map can be shown, and a note says that nobody reads it."""
        cluster = aws.create_cluster("live-ignoring", authentication_mode="API", aws_auth=FOREIGN)
        outcome = aws_auth("show", "--cluster", cluster.name, "--kubectl-role-arn", cluster.creator_role_arn)
        assert outcome.status == 0
        assert "role/linux" in outcome.out
        assert "does not read aws-auth at all" in outcome.error

    def test_no_such_cluster(self, cluster: LocalCluster, aws_auth: Callable[..., Outcome]) -> None:
        """A wrong name is refused with the cure."""
        assert "does not exist" in aws_auth("show", "--cluster", cluster.name.upper()).refusal()

    @pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
    def test_the_region_of_either_variable(
        self,
        cluster: LocalCluster,
        aws_auth: Callable[..., Outcome],
        monkeypatch: pytest.MonkeyPatch,
        variable: str,
    ) -> None:
        """Both variables of the AWS CLI tell the region."""
        region = os.environ["AWS_REGION"]
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name)
        monkeypatch.setenv(variable, region)
        outcome = aws_auth("show", "--cluster", cluster.name, "--kubectl-role-arn", cluster.creator_role_arn)
        assert (outcome.status, outcome.error) == (0, "")

    def test_no_region(
        self, cluster: LocalCluster, aws_auth: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without a region nothing is asked."""
        monkeypatch.delenv("AWS_REGION", raising=False)
        monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
        assert "--region" in aws_auth("show", "--cluster", cluster.name).refusal()
