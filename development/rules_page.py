"""Writes the page of all rules of the synthesis: `python -m development.rules_page`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from windows_nodegroup.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from windows_nodegroup.problems import Rule

PATH = Path(__file__).parents[1] / "docs" / "rules.md"

_SUBJECTS = {
    "1": "Names and sizes",
    "2": "Images and versions",
    "3": "Instance types and purchase",
    "4": "Storage",
    "5": "Kubelet: labels, taints, pods, arguments",
    "6": "Network and access",
    "7": "Tags",
    "8": "User data",
}

_INTRODUCTION = """\
# What is checked at synthesis

Every input of a `WindowsNodeGroup` is checked when it is constructed, and all that is wrong is said at once: an *error*
raises `InvalidNodeGroup`, a *warning* is shown by the CDK CLI until somebody acknowledges it by its id, the code with
`windows-nodegroup:` before it:

```python
Annotations.of(node_group).acknowledge_warning("windows-nodegroup:WNG201", "renewed every quarter")
```

A value that is a token is not judged here: CloudFormation's constraints or [the checks of the deployment](checks.md) do
that. The links lead to the page that a rule follows. The examples are arguments of `WindowsNodeGroup`; the tests run
them.
"""


def page() -> str:
    """The page, in Markdown."""
    sections = [_INTRODUCTION]
    for digit, rules in groupby(RULES, key=lambda rule: rule.code[3]):
        sections.append(f"## {_SUBJECTS[digit]}\n\n{_table(rules)}")
    return "\n".join(sections)


def _table(rules: Iterable[Rule]) -> str:
    head = "| code | | what is wrong | cure | good | bad |\n|---|---|---|---|---|---|\n"
    return head + "".join(_row(rule) for rule in rules)


def _row(rule: Rule) -> str:
    code = f'<a id="{rule.code.lower()}"></a>[{rule.code}]({rule.documentation})'
    cells = (code, rule.severity, rule.meaning, rule.cure, f"`{rule.good}`", f"`{rule.bad}`")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8", newline="\n")
