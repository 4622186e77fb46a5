"""What CloudFormation makes of the intrinsic functions in a template, as far as user data uses them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def evaluate(value: Any, references: Mapping[str, Any]) -> Any:
    """The value of a template's expression, with the values of parameters and pseudo parameters given."""
    if not isinstance(value, dict):
        return value
    ((function, argument),) = value.items()
    match function:
        case "Ref":
            return references[argument]
        case "Fn::Base64":
            return base64.b64encode(evaluate(argument, references).encode()).decode()
        case "Fn::Join":
            separator, parts = argument
            strings = evaluate(parts, references) if isinstance(parts, dict) else parts
            return separator.join(str(evaluate(part, references)) for part in strings)
        case "Fn::Select":
            index, values = argument
            return evaluate(values, references)[int(index)]
        case "Fn::Split":
            separator, text = argument
            return evaluate(text, references).split(separator)
    raise AssertionError(f"{function} is not expected in user data")
