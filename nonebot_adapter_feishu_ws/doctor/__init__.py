"""Why does my bot not answer? ``python -m nonebot_adapter_feishu_ws.doctor`` asks Feishu and names the page to fix."""

from .checks import Finding, Level, examine
from .report import explain_silence, to_text, warn_of_other_clients

__all__ = ["Finding", "Level", "examine", "explain_silence", "to_text", "warn_of_other_clients"]
