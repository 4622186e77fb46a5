"""What tells one value from another in a construct id, where tokens may not stand."""

from __future__ import annotations

import json
from hashlib import sha256

from aws_cdk import Reference, Stack, Tokenization

from .literals import is_literal


def fingerprint(stack: Stack, text: str) -> str:
    """A short hash: the same for the same text, literal or token, in whatever order an app makes its constructs.

    Args:
        stack: Where the text is used.
        text: The text.
    """
    identity = text if is_literal(text) else _of_tokens(stack, text)
    return sha256(identity.encode()).hexdigest()[:8]


def _of_tokens(stack: Stack, text: str) -> str:
    # What two other stacks call the same resolves to the same text.
    foreign = [
        token.target.node.path
        for token in Tokenization.reverse_string(text).tokens
        if isinstance(token, Reference) and Stack.of(token.target) is not stack
    ]
    return json.dumps([stack.resolve(text), foreign], sort_keys=True)
