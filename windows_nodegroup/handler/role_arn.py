"""Role ARNs, as the authenticator sees and compares them.

Source: https://github.com/kubernetes-sigs/aws-iam-authenticator (`pkg/arn`, `pkg/config/mapper.go`).
"""

from __future__ import annotations

import re

_ROLE_ARN = re.compile(
    r"(arn:aws[a-z0-9-]*:iam::[0-9]{12}:role/)(?:[\x21-\x2e\x30-\x7e][\x21-\x7e]*/)?([A-Za-z0-9_+=,.@-]{1,64})"
)
_PATH = re.compile("(:role/).*/", re.IGNORECASE | re.DOTALL)
# The two letters outside ASCII that Go folds into it: long s and the Kelvin sign.
_FOLDED = str.maketrans({"\u017f": "s", "\u212a": "k"})


def canonical_role_arn(role_arn: str) -> str:
    """Return the ARN without the role's path, otherwise as given: so the authenticator gets it from STS.

    Args:
        role_arn: Of an IAM role, for example `arn:aws:iam::111122223333:role/eks/nodes/windows`.

    Raises:
        ValueError: It is the ARN of no role.
    """
    match = _ROLE_ARN.fullmatch(role_arn)
    if match is None:
        raise ValueError(
            f"{role_arn!r} is no role's ARN: give one like arn:aws:iam::111122223333:role/name"
            " (an instance profile and an assumed role have other ARNs) [role-arn]"
        )
    return match[1] + match[2]


def folded(text: str) -> str:
    """Return the text so that what Go's `strings.EqualFold` calls equal becomes equal, if one of the two is ASCII."""
    return text.lower() if text.isascii() else text.translate(_FOLDED).lower()


def without_path(role_arn: str) -> str:
    """Return the ARN without the role's path, whatever else may be wrong with it."""
    return _PATH.sub(r"\1", role_arn, count=1)


def same_role(a: str, b: str) -> bool:
    """Return whether two ARNs name the same role: neither case nor path counts."""
    return folded(without_path(a)) == folded(without_path(b))
