"""Text from outside inside the log lines that NoneBot formats: an event's description."""

import re

_TAG = re.compile(r"(\\*)(</?(?:[fb]g\s)?[^<>\s]*>)")


def escape(text: str) -> str:
    """Make any text safe inside a coloured log line.

    NoneBot's ``escape_tag`` puts one backslash before each tag; where the text has one there already, the two
    cancel out, the tag is live, and the log call raises, which loses the event.
    """
    return text if "<" not in text else _TAG.sub(lambda match: f"{match[1] * 2}\\{match[2]}", text)
