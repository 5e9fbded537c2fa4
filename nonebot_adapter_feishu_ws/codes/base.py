"""What is said about one code."""

from typing import Literal, NamedTuple

Kind = Literal["other", "credentials", "permission", "rate", "target", "content", "busy"]
"""What a user does about it: see the exceptions. ``busy`` passes by itself, and is tried again."""


class CodeInfo(NamedTuple):
    """One known code.

    Attributes:
        meaning: what it means.
        advice: what to do, with the console's menu in both languages.
        kind: which exception it becomes.
    """

    meaning: str
    advice: str
    kind: Kind = "other"
