"""Sends each documented request example to the sandbox, compares the answers' fields, and writes what is simulated.

``python scripts/conformance.py [--write]``. ``scripts/sandbox/endpoints.jsonl`` has the examples, the documented fields
and codes; ids of the examples are replaced by ids that exist. ``conformance_mistakes.py`` has what must be refused.
"""

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from nonebot_adapter_feishu_ws.sandbox import Sandbox  # noqa: E402
from scripts.conformance_mistakes import MISTAKES  # noqa: E402
from scripts.conformance_stage import APP, BODIES, FORMS, OTHER, QUERY, SECRET, STORE, Stage  # noqa: E402

FACTS = ROOT / "scripts" / "sandbox" / "endpoints.jsonl"
ELSEWHERE = {"POST interactive/v1/card/update"}
"""Needs a click that a bot answers: tests/sandbox/test_cards.py."""
CONDITIONS: Mapping[str, tuple[str, str, str]] = {
    "mentions": (r"mentions\b", "`mentions`: the message mentions somebody", "`mentions`：消息 @ 了人"),
    "answers": (
        r"(parent|root|thread|upper_message)_id$",
        "ids of other messages: it answers one, or is in a topic or a merged forward",
        "其他消息的 ID：是回复，或在话题、合并转发里",
    ),
    "owner": (r"owner_id(_type)?$", "owner: it is a person", "群主：群主是人"),
    "tabs": (r"chat_tabs\[\]", "tabs: what its type has, and was given", "标签页：该类型具有且已填写的内容"),
    "menus": (r"chat_menu_", "menus: what was given", "菜单：创建时填写的内容"),
    "failed": (r"fail_msg_reaction|failed_", "failures: some failed", "失败列表：有失败项"),
    "user_token": (
        r"(batch|find_by_department) .*(department_path|assign_info|subscription_ids)",
        "department path and licences: Feishu does not show them to bots",
        "部门路径、席位：飞书不向机器人返回",
    ),
    "attributes": (
        r"custom_attrs",
        "custom fields: of types that the example does not have",
        "自定义字段：示例里没有的类型",
    ),
    "profile": (r"^\w+ contact/", "not simulated: department path, licences", "未模拟：部门路径、席位"),
}
"""Why a documented field is absent: which fields, in English, in Chinese."""
WORDS = {
    "head": (
        "# What the sandbox simulates\n\n{served} of {all} methods of messages, groups, people, cards and tokens; "
        "{codes} of {known} documented codes were provoked; {present} of {documented} documented fields were "
        "in the answers to the documents' own examples, for the others the table says when they are there. Written by "
        "`scripts/conformance.py`; other paths are answered with HTTP 404.",
        "# 沙箱模拟的内容\n\n共 {all} 个消息、群组、通讯录、卡片与访问凭证接口，提供 {served} 个；"
        "本次运行触发了 {known} 个文档错误码中的 {codes} 个；"
        "用文档自带的示例请求，{documented} 个文档字段里返回了 {present} 个，"
        "其余字段何时出现见表。"
        "本页由 `scripts/conformance.py` 生成；其他路径一律返回 HTTP 404。",
    ),
    "table": ("| method | served | fields | absent unless |", "| 接口 | 是否提供 | 字段 | 以下情况才返回 |"),
    "and": ("; ", "；"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "codes": ("## Codes", "## 错误码"),
    "end": (".", "。"),
}


@dataclass
class Row:
    """What one endpoint answered."""

    name: str
    title: str
    code: int | None = None
    documented: set[str] = field(default_factory=set[str])
    answered: set[str] = field(default_factory=set[str])

    @property
    def works(self) -> bool:
        """Whether the example was accepted."""
        return self.code == 0


def facts() -> list[dict[str, Any]]:
    """The documented endpoints, without the extra ones."""
    rows = [json.loads(line) for line in FACTS.read_text("utf-8").splitlines()]
    return [row for row in rows if not row.get("extra")]


def name_of(row: Mapping[str, Any]) -> str:
    """Method and path, such as ``GET im/v1/chats/{chat_id}``."""
    path = re.sub(r":(\w+)", r"{\1}", row["path"].removeprefix("/open-apis/"))
    return f"{row['method']} {path.rstrip('/')}"


async def ask(stage: Stage, row: Mapping[str, Any]) -> Row:
    """Send the example of an endpoint."""
    name = name_of(row)
    result = Row(name, row["title"], documented=set(row["response"]))
    await stage.set()
    await stage.prepare(name)
    path = re.sub(r"\{(\w+)\}", lambda found: str(stage.ids.get(found[1], "none")), name.split(" ", 1)[1])
    required = [each["name"] for each in row.get("query", ()) if each.get("required")]
    wanted = [*required, *(["query"] if name.endswith("/search") else [])]
    params = {key: stage.ids.get(key) or QUERY.get(key, "") for key in wanted}
    params = {key: value[0] if isinstance(value, list) else value for key, value in params.items()}
    if name in FORMS:
        status, answer = await stage.form(path, FORMS[name])
    else:
        body = BODIES.get(name) or stage.known(row.get("example", {}))
        status, answer = await stage.call(row["method"], path, params=params, json=body)
    result.code = (0 if status == 200 else status) if answer is None else answer["code"]
    if answer is not None and result.works:
        result.answered = set(paths(answer))
    return result


def paths(value: Any, above: str = "") -> list[str]:
    """The names of all fields, such as ``data.items[].message_id``."""
    found: list[str] = []
    for key, each in value.items() if isinstance(value, dict) else ():
        name = f"{above}.{key}" if above else key
        found.append(name)
        for item in each if isinstance(each, list) else [each]:
            found += paths(item, f"{name}[]" if isinstance(each, list) else name)
    return found


async def run() -> tuple[list[Row], set[int]]:
    """Ask all endpoints, and make all mistakes; returns the codes of these."""
    async with Sandbox() as sandbox, aiohttp.ClientSession(sandbox.url) as http:
        for app_id, name in ((APP, "Bot"), (OTHER, "Other")):
            sandbox.add_app(app_id, SECRET, name=name)
        sandbox.add_app(STORE, SECRET, name="Store", is_store=True)
        sandbox.limits.per_card = None
        stage = Stage(sandbox, http)
        rows = [await ask(stage, row) for row in facts()]
        return rows, {code for mistake in MISTAKES if (code := await refused(stage, *mistake))}


async def refused(stage: Stage, name: str, body: dict[str, Any], code: int) -> int:
    """The code of a request that is wrong; raises ``AssertionError`` if it is another one than expected."""
    await stage.set()
    await stage.set_traps()
    method, path = name.split(" ", 1)
    path = re.sub(r"\{(\w+)\}", lambda found: str(stage.ids[found[1]]), path)
    text = re.sub(r"\$(\w+)", lambda found: str(stage.ids[found[1]]), json.dumps(body))
    sends = {"receive_id": stage.ids["chat_id"]} if "receive_id_type" in path else {}
    status, answer = await stage.call(method, path, json={**sends, **json.loads(text)})
    assert answer["code"] == code, f"{name} {body}: {answer}, not {code}"
    documented = {each["http"] for row in facts() for each in row["codes"] if each["code"] == code}
    assert status in (documented or {400, 404}), f"{name} {body}: HTTP {status}, not {documented}"
    return code


def gaps(row: Row) -> dict[str, str]:
    """Fields that an accepted example did not bring -> their key in ``CONDITIONS``, empty if there is none."""
    missing = sorted(row.documented - row.answered) if row.works else []
    return {
        each: next((key for key, (where, *_) in CONDITIONS.items() if re.search(where, f"{row.name} {each}")), "")
        for each in missing
    }


def page(language: int, rows: list[Row], codes: set[int]) -> str:
    """The page of the docs; ``language`` is 0 for English, 1 for Chinese."""
    known = {each["code"] for row in facts() for each in row["codes"]}
    served = [row for row in rows if row.works or row.name in ELSEWHERE]
    present, documented = (
        sum(len(each) for each in some)
        for some in zip(*((r.documented & r.answered, r.documented) for r in rows), strict=True)
    )
    numbers = {
        "served": len(served),
        "all": len(rows),
        "codes": len(codes & known),
        "known": len(known),
        "present": present,
        "documented": documented,
    }
    lines = [WORDS["head"][language].format(**numbers), "", WORDS["table"][language], "|---|---|---|---|"]
    for row in rows:
        result = WORDS["yes" if row in served else "no"][language]
        fields = f"{len(row.documented & row.answered)} / {len(row.documented)}" if row.works else ""
        conditions = dict.fromkeys(CONDITIONS[key][1 + language] for key in gaps(row).values())
        lines.append(f"| {row.title} `{row.name}` | {result} | {fields} | {WORDS['and'][language].join(conditions)} |")
    lines += [
        "",
        WORDS["codes"][language],
        "",
        ", ".join(f"`{code}`" for code in sorted(codes)) + WORDS["end"][language],
    ]
    return "\n".join([*lines, ""])


def pages(rows: list[Row], codes: set[int]) -> dict[Path, str]:
    """The pages of both languages."""
    return {
        ROOT / "docs" / name / "sandbox-simulated.md": page(index, rows, codes)
        for index, name in enumerate(("en", "zh"))
    }


def main() -> None:
    """Print or write the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the pages of the docs")
    write = parser.parse_args().write
    for path, text in pages(*asyncio.run(run())).items():
        if write:
            path.write_text(text, "utf-8")
        print(text.splitlines()[2])


if __name__ == "__main__":
    main()
