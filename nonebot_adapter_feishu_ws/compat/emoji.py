"""Emoji of other platforms as Feishu's (表情文案说明)."""

import re
from typing import Final

_FEISHU: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
_SELECTOR: Final = "\ufe0f"
_KINDS: Final = {
    **{"👍": "THUMBSUP", "👎": "ThumbsDown", "👌": "OK", "🙏": "THANKS", "💪": "MUSCLE", "👏": "APPLAUSE"},
    **{"👊": "FISTBUMP", "✅": "DONE", "😊": "SMILE", "😁": "BLUSH", "😄": "LAUGH", "😏": "SMIRK", "😂": "LOL"},
    **{"🤦": "FACEPALM", "😍": "LOVE", "😉": "WINK", "🤔": "THINKING", "😭": "SOB", "😢": "CRY", "😮": "WOW"},
    **{"👋": "WAVE", "😱": "SHOCKED", "💀": "SKULL", "😅": "SWEAT", "😴": "SLEEP", "👀": "LGTM", "❤": "HEART"},
    **{"🎉": "PARTY", "🔥": "Fire", "💔": "HEARTBROKEN", "🌹": "ROSE", "🎂": "CAKE", "❌": "CrossMark"},
}


def emoji_type(*names: str | None) -> str | None:
    """Feishu's emoji of the first name that is one, or of the first character that has one; None without any."""
    for name in filter(None, names):
        if _FEISHU.fullmatch(name):
            return name
        if kind := _KINDS.get(name.rstrip(_SELECTOR)):
            return kind
    return None
