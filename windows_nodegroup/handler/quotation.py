"""What the Kubernetes API says when it refuses, fit to be shown: without what it repeats of other people's entries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CHARACTERS = 300
_READ_CHARACTERS = 1000

# What a message may repeat of a map: ARNs, values of keys, quoted text, and single words.
_IDENTITY = r"arn:[\w-]+:(?:iam|sts)::[^\s\"'\\,}\]]+"
_VALUE = (
    r"\b((?:user(?:name|arn|id)?|rolearn|groups?|(?<=invalid )value)\s*\\?[\"']?\s*[:=])\s*"
    r"(?:\[[^\]]*(?:\]|$)|\\?\"(?:\\.|[^\"])*(?:\"|$)|[^\s,;]+(?:,\s*[^\s,;]*:[^\s,;]*)*)"
)
_QUOTED = r"""\"(?:\\.|[^\"\\])*(?:\"|$)|`[^`]*(?:`|$)|(?<!\w)'[^']*(?:'(?!\w)|$)"""
_WORD = r"[\w@+-]+(?:\.[\w@+-]+)*"
_COMMENT = r"(?m)(?:^|\s)#.*$"
_COMMON_WORD = (
    r"arn|aws|iam|eks|role(?:arn)?|user(?:name|arn)?|groups|system|nodes?|bootstrappers|kube-(?:system|proxy-windows)"
    r"|ec2privatednsname|sessionname|map(?:roles|users|accounts)|aws-auth|configmap"
)
_SHORT, _LONGEST = 4, 100


def quotation(message: str, texts: Iterable[str] = ()) -> str:
    """Return a message as one short line, without what it repeats of `texts`, or what looks like a map's."""
    hidden = _Hidden(texts)
    line = re.sub(_IDENTITY, "arn:…", " ".join(message.split())[:_READ_CHARACTERS])
    line = re.sub(_QUOTED, lambda quoted: "…" if hidden.shows_in(quoted[0]) else quoted[0], line)
    line = re.sub(_VALUE, r"\1 …", line, flags=re.IGNORECASE)
    return re.sub(_WORD, lambda word: "…" if hidden.shows_in(word[0]) else word[0], line)[:_CHARACTERS]


class _Hidden:
    """What stands in texts that are somebody else's: short words by themselves, long ones also in and around others."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._text = "\n".join(texts).lower()
        self._short = set(re.findall(_WORD, re.sub(_COMMENT, "", self._text)))
        self._long = {word for word in _words(self._text) if len(word) > _SHORT}

    def shows_in(self, text: str) -> bool:
        return any(map(self._is_theirs, _words(text.lower())))

    def _is_theirs(self, word: str) -> bool:
        if len(word) <= _SHORT:
            return word in self._short
        parts = (word[i:j] for i in range(len(word) - _SHORT) for j in range(i + _SHORT + 1, len(word) + 1))
        return len(word) > _LONGEST or word in self._text or any(part in self._long for part in parts)


def _words(text: str) -> Iterator[str]:
    return (word for word in re.findall(_WORD, text) if not re.fullmatch(_COMMON_WORD, word))
