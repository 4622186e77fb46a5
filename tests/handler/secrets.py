"""A watch over everything that the function says: in its logs, at every level, and in its answers."""

from __future__ import annotations

import logging
import re

from tests.handler.stage import FOREIGN, KUBECTL_SECRET, KUBECTL_TOKEN, SECRETS, SIGNATURE

_ALWAYS_SECRET = (*SECRETS.values(), KUBECTL_SECRET, KUBECTL_TOKEN, SIGNATURE, FOREIGN)
_SECRET_FORMS = re.compile(r"k8s-aws-v1\.|Bearer |AWS4-HMAC-SHA256 Credential=|X-Amz-(?:Signature|Security-Token)=")


class Watch(logging.Handler):
    """Collects texts and finds secrets in them.

    Attributes:
        texts: What was said.
        tokens: Bearer tokens that were in use.
    """

    def __init__(self) -> None:
        """Watch all levels."""
        super().__init__(logging.NOTSET)
        self.texts: list[str] = []
        self.tokens: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep all that any formatter could show of a record; the doubles may say what they like."""
        if record.name.split(".")[0] not in {"local_aws", "tests", "asyncio"}:
            shown = logging.Formatter().format(record)
            self.texts.append(f"{record.name} {shown} {getattr(record, 'facts', '')}")

    def findings(self) -> list[str]:
        """Return each text in which something secret stands."""
        return [text for text in self.texts if self._is_secret(text)]

    def _is_secret(self, text: str) -> bool:
        secrets = (*_ALWAYS_SECRET, *self.tokens)
        return _SECRET_FORMS.search(text) is not None or any(secret in text for secret in secrets)
