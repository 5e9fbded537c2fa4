"""Writes the table of Feishu's codes, from ``codes/``, into ``docs/en/errors.md`` and ``docs/zh/errors.md``."""

from pathlib import Path

from nonebot_adapter_feishu_ws.codes import GROUPS, CodeInfo
from nonebot_adapter_feishu_ws.exception import make_failure

DOCS = Path(__file__).parent.parent / "docs"
PAGES = [DOCS / "en" / "errors.md", DOCS / "zh" / "errors.md"]
BEGIN, END = "<!-- codes: begin -->\n", "<!-- codes: end -->"
HEADS = {"en": "| code | meaning | what to do | class |\n", "zh": "| 错误码 | 含义 | 怎么办 | 异常类 |\n"}
SUBJECTS = {
    "Long connection": "长连接",
    "Credentials and tokens": "凭证与令牌",
    "Any call": "通用",
    "Messages": "消息",
    "Groups, users and files": "群、用户与文件",
    "Cards": "卡片",
}


def render(language: str) -> str:
    """The tables of all subjects."""
    text = ""
    for subject, codes in GROUPS.items():
        title = subject if language == "en" else SUBJECTS[subject]
        rows = "".join(_row(code, info, subject) for code, info in sorted(codes.items()))
        text += f"\n### {title}\n\n{HEADS[language]}|---|---|---|---|\n{rows}"
    return text + "\n"


def _row(code: int, info: CodeInfo, subject: str) -> str:
    kind = "`ConnectionFailed`" if subject == "Long connection" else f"`{type(make_failure(code, '')).__name__}`"
    meaning, advice = (text.replace("|", "\\|") for text in (info.meaning, info.advice))
    return f"| {code} | {meaning} | {advice} | {kind} |\n"


def fill(page: str, language: str) -> str:
    """A page with the current tables."""
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + render(language) + END + rest.partition(END)[2]


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(fill(path.read_text("utf-8"), path.parent.name), "utf-8")
