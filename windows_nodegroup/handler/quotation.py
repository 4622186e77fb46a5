"""What the Kubernetes API says when it refuses, fit to be shown: without what it repeats of other people's entries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CHARACTERS = 300

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
_SHORT = 4


def quotation(message: str, texts: Iterable[str] = ()) -> str:
    """Return a message as one short line, without what it repeats of `texts`, or what looks like a map's."""
    hidden = _Hidden(texts)
    line = re.sub(_IDENTITY, "arn:…", " ".join(message.split()))
    line = re.sub(_QUOTED, lambda quoted: "…" if hidden.shows_in(quoted[0]) else quoted[0], line)
    line = re.sub(_VALUE, r"\1 …", line, flags=re.IGNORECASE)
    return re.sub(_WORD, lambda word: "…" if hidden.shows_in(word[0]) else word[0], line)[:_CHARACTERS]


class _Hidden:
    """The words of texts that are somebody else's: long ones wherever they stand, short ones by themselves."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._long: set[str] = set()
        self._short: set[str] = set()
        for text in map(str.lower, texts):
            self._long.update(word for word in _words(text) if len(word) > _SHORT)
            self._short.update(_words(re.sub(_COMMENT, "", text)))

    def shows_in(self, text: str) -> bool:
        text = text.lower()
        return not self._short.isdisjoint(_words(text)) or any(word in text for word in self._long)


def _words(text: str) -> Iterator[str]:
    return (word for word in re.findall(_WORD, text) if not re.fullmatch(_COMMON_WORD, word))
