"""The script that a new node runs once: commands before, `Start-EKSBootstrap.ps1`, commands after, and the report.

Windows PowerShell 5.1 runs it, as SYSTEM. It is plain ASCII, readable on the node, and every value in it arrives as it
is (`powershell`). The report goes three ways: to CloudFormation as a signal; to the console output of the instance,
through its first serial port, because a signal carries no text further than `cfn-signal`'s own log; and to a log on
the node. A signal that nobody waits for any more, as from nodes that a running group adds, is refused by
CloudFormation, which does no harm: the script does not look at the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .powershell import DECODER, quote, quote_code

if TYPE_CHECKING:
    from collections.abc import Mapping

_START = """\
<powershell>
# Joins this instance to its Amazon EKS cluster and reports how that went.
$ErrorActionPreference = 'Stop'
$log = "$env:ProgramData\\Amazon\\EKS\\node-group.log"
$bootstrap = "$env:ProgramFiles\\Amazon\\EKS\\Start-EKSBootstrap.ps1"

"""

_RUN = """\
        & $bootstrap @arguments
        if (-not $?) { throw "Start-EKSBootstrap.ps1 reported a failure" }
"""

# What the user wrote is code, so the call is made of text, and PowerShell reads it only when the rest is read already.
# A parameter that stands in it wins: PowerShell refuses one that is given twice.
_RUN_WITH_MORE = """\
        foreach ($name in @($arguments.Keys)) {
            if ($more -match "(?<![\\w-])-$name\\b") { $arguments.Remove($name) }
        }
        & ([ScriptBlock]::Create('& $bootstrap @arguments ' + $more + "`n" +
            'if (-not $?) { throw "Start-EKSBootstrap.ps1 reported a failure" }'))
"""

# The functions of the script by their names, each before those that it uses.
_FUNCTIONS = {
    # Words in lines, as one line.
    "Join-Word": """\
function Join-Word([string] $Lines) {
    if ($Lines) { @($Lines.Split("`n") | ForEach-Object { Assert-Word $_ }) -join ' ' }
}
""",
    # One of several that are joined by commas.
    "Assert-Item": """\
function Assert-Item([string] $Text) {
    if ($Text -match ',') { throw "not one label or taint: $Text" }
    Assert-Word $Text
}
""",
    "Assert-Word": """\
function Assert-Word([string] $Text) {
    if ($Text -notmatch '\\A[!#$&(-~]+\\z') { throw "not one word: $Text" }
    $Text
}
""",
    "ConvertFrom-Base64": DECODER,
}

_REPORT = """\
} catch {
    $_ | Out-String | Tee-Object -FilePath $log -Append
} finally {
    $tail = [string]::Join("`r`n", @(Get-Content $log -Tail 20 -ErrorAction SilentlyContinue))
    try {
        $console = New-Object System.IO.Ports.SerialPort 'COM1'
        $console.WriteTimeout = 10000
        $console.Open()
        $console.WriteLine("Start-EKSBootstrap.ps1: exit code $exitCode")
        if ($exitCode -ne 0) { $console.WriteLine($tail) }
        $console.Close()
    } catch {
        Write-Output "No serial port: $_"
    }
"""

# Windows PowerShell hands arguments to programs without escaping what is in them: only harmless characters are left of
# the reason.
_SIGNAL = """\
    $reason = ($tail -replace '[^0-9A-Za-z .,:;/_=()-]+', ' ').Trim()
    if ($reason.Length -gt 500) {{ $reason = $reason.Substring($reason.Length - 500) }}
    try {{
        & "$env:ProgramFiles\\Amazon\\cfn-bootstrap\\cfn-signal.exe" "--exit-code=$exitCode" "--reason=EKS: $reason" `
            ('--stack=' + {stack}) ('--resource=' + {resource}) ('--region=' + {region})
    }} catch {{
        Write-Output "No signal: $_"
    }}
"""

_END = """\
}
</powershell>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Whom a node tells how its bootstrap went.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-signal.html

    Attributes:
        stack: The stack's name or id.
        resource: The logical id of the Auto Scaling group.
        region: The stack's region.
    """

    stack: str
    resource: str
    region: str


def user_data(
    *,
    arguments: Mapping[str, str],
    more_arguments: str | None = None,
    before: str | None = None,
    after: str | None = None,
    signal: Signal | None = None,
) -> str:
    """The user data, not yet in Base64.

    Args:
        arguments: The parameters of `Start-EKSBootstrap.ps1` and their values, as PowerShell expressions.
        more_arguments: PowerShell code that stands behind them.
        before: Lines of PowerShell to run before.
        after: Lines of PowerShell to run after.
        signal: Whom to tell; None: nobody is told.
    """
    code = {"before": before, "more": more_arguments, "after": after}
    body = [
        *(f"${name} = {quote_code(text)}\n" for name, text in code.items() if text),
        "\n$exitCode = 1\ntry {\n    New-Item -ItemType Directory -Force -Path (Split-Path $log) | Out-Null\n",
        "    $arguments = @{\n",
        *(f"        {name} = {expression}\n" for name, expression in arguments.items()),
        "    }\n    & {\n",
        "        & ([ScriptBlock]::Create($before))\n" if before else "",
        _RUN_WITH_MORE if more_arguments else _RUN,
        "        & ([ScriptBlock]::Create($after))\n" if after else "",
        "    } 3>&1 4>&1 5>&1 6>&1 | Tee-Object -FilePath $log\n    $exitCode = 0\n",
        _REPORT,
        _SIGNAL.format(stack=quote(signal.stack), resource=quote(signal.resource), region=quote(signal.region))
        if signal
        else "",
        _END,
    ]
    script = "".join(body)
    for name, function in _FUNCTIONS.items():
        if name in script:
            script = f"{function}\n{script}"
    return _START + script
