"""Sends each documented request example to the sandbox, compares the answers' fields, and writes what is simulated.

``python scripts/conformance.py [--write]``. ``scripts/sandbox/endpoints.jsonl`` has the examples, the documented fields
and codes; ids of the examples are replaced by ids that exist. ``MISTAKES`` are requests that must be refused.
"""

import argparse
import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from nonebot_adapter_feishu_ws.sandbox import Sandbox

ROOT = Path(__file__).parent.parent
FACTS = ROOT / "scripts" / "sandbox" / "endpoints.jsonl"
APP, OTHER, STORE, SECRET = "cli_00000000000000a1", "cli_00000000000000a2", "cli_00000000000000a3", "secret"
CARD = {"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": "x", "element_id": "markdown_1"}]}}
QUERY = {"receive_id_type": "chat_id", "user_id_type": "open_id", "container_id_type": "chat", "type": "file"}
FORMS = {
    "POST im/v1/images": {"image_type": "message", "image": b"picture"},
    "POST im/v1/files": {"file_type": "stream", "file_name": "a.txt", "file": b"words"},
}
BODIES: Mapping[str, dict[str, Any]] = {
    "POST cardkit/v1/cards": {"type": "card_json", "data": json.dumps(CARD)},
    "PATCH im/v1/messages/{message_id}": {"content": json.dumps(CARD)},
    "PATCH cardkit/v1/cards/{card_id}/elements/{element_id}": {"partial_element": '{"content": "y"}', "sequence": 1},
    "PUT cardkit/v1/cards/{card_id}/elements/{element_id}": {
        "element": '{"tag": "markdown", "content": "y", "element_id": "markdown_1"}',
        "sequence": 1,
    },
    "POST cardkit/v1/cards/{card_id}/elements": {
        "type": "append",
        "elements": '[{"tag": "markdown", "content": "y"}]',
        "sequence": 1,
    },
    "POST cardkit/v1/cards/{card_id}/batch_update": {
        "actions": '[{"action": "delete_elements", "params": {"element_ids": ["markdown_1"]}}]',
        "sequence": 1,
    },
    "PUT cardkit/v1/cards/{card_id}": {"card": {"type": "card_json", "data": json.dumps(CARD)}, "sequence": 1},
    "PATCH cardkit/v1/cards/{card_id}/settings": {"settings": '{"config": {"streaming_mode": true}}', "sequence": 1},
    "POST im/v1/chats/{chat_id}/menu_tree": {
        "menu_tree": {"chat_menu_top_levels": [{"chat_menu_item": {"action_type": "NONE", "name": "More"}}]}
    },
}
"""Where a document has no example, or one of an id or a card that the sandbox would have to know."""
SEND = "POST im/v1/messages?receive_id_type=chat_id"
MISTAKES: tuple[tuple[str, dict[str, Any], int], ...] = (
    (SEND, {"msg_type": "text", "content": '{"text": ""}'}, 230001),
    (SEND, {"msg_type": "text", "content": json.dumps({"text": "x" * 160_000})}, 230025),
    (SEND, {"msg_type": "image", "content": '{"image_key": "none"}'}, 230001),
    (SEND, {"msg_type": "interactive", "content": '{"schema": "3.0"}'}, 230099),
    ("POST im/v1/messages?receive_id_type=no", {"msg_type": "text", "content": '{"text": "x"}'}, 99992402),
    ("GET im/v1/messages/om_none", {}, 99992354),
    ("PUT im/v1/messages/{message_id}", {"msg_type": "image", "content": "{}"}, 230054),
    ("POST im/v1/messages/{message_id}/reactions", {"reaction_type": {}}, 231001),
    ("DELETE im/v1/messages/{message_id}/reactions/none", {}, 231011),
    ("GET im/v1/chats/oc_none", {}, 232006),
    ("POST im/v1/chats", {"chat_type": "public", "name": "x"}, 232020),
    ("POST im/v1/chats", {"user_id_list": ["ou_none"]}, 232043),
    ("POST im/v1/chats", {"bot_id_list": ["cli_none"]}, 232021),
    ("POST im/v1/chats", {"chat_type": "open"}, 232001),
    ("PUT im/v1/chats/{chat_id}", {"owner_id": "ou_none"}, 232012),
    ("PATCH im/v1/chats/{chat_id}/announcement", {"revision": "500", "requests": ["x"]}, 232018),
    ("POST im/v1/chats/{chat_id}/chat_tabs", {"chat_tabs": [{"tab_type": "url"}]}, 232048),
    ("GET im/v1/images/none", {}, 234005),
    ("GET im/v1/messages/{message_id}/resources/none?type=file", {}, 234003),
    ("GET contact/v3/users/ou_none", {}, 41012),
    ("PUT cardkit/v1/cards/none", {"card": {"type": "card_json", "data": "{}"}, "sequence": 1}, 200740),
    ("POST cardkit/v1/cards", {"type": "card_json", "data": "{}"}, 300307),
)
"""Requests that are refused: method and path, body, code."""
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
    "profile": (
        r"^\w+ contact/",
        "not simulated: most of a person's profile",
        "未模拟：用户资料的大部分字段",
    ),
}
"""Why a documented field is absent: which fields, in English, in Chinese."""
WORDS = {
    "head": (
        "# What the sandbox simulates\n\n{served} of {all} methods of messages, groups, people, cards and tokens; "
        "{codes} of {known} documented codes were provoked; {present} of {documented} documented fields were "
        "in the answers to the documents' own examples, for the others the table says when they are there. Written by "
        "`scripts/conformance.py`; other paths are answered with HTTP 404.",
        "# 沙箱模拟了什么\n\n共 {all} 个消息、群组、通讯录、卡片与令牌接口，提供 {served} 个；"
        "本次运行触发了 {known} 个文档错误码中的 {codes} 个；"
        "用文档自带的示例请求，{documented} 个文档字段里返回了 {present} 个，"
        "其余字段何时出现见表。"
        "本页由 `scripts/conformance.py` 生成；其他路径一律返回 HTTP 404。",
    ),
    "table": ("| method | served | fields | absent unless |", "| 接口 | 是否提供 | 字段 | 以下情况才返回 |"),
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


class Stage:
    """People, groups, messages and files that exist, in place of those of the examples."""

    def __init__(self, sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
        """Use a sandbox that runs."""
        self.sandbox = sandbox
        self.http = http
        self.token = ""
        self.ids: dict[str, Any] = {}

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """An answer's HTTP status and JSON; None for a file."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.http.request(method, f"/open-apis/{path}", headers=headers, **options) as response:
            answer = await response.json() if response.content_type == "application/json" else None
            return response.status, answer

    async def send(self, chat_id: str, msg_type: str, content: Any, **more: Any) -> str:
        """Send a message of the bot; returns its id."""
        body = {"receive_id": chat_id, "msg_type": msg_type, "content": json.dumps(content), **more}
        _, answer = await self.call("POST", "im/v1/messages", params={"receive_id_type": "chat_id"}, json=body)
        return answer["data"]["message_id"]

    async def form(self, path: str, fields: Mapping[str, Any]) -> tuple[int, Any]:
        """Send a form."""
        form = aiohttp.FormData()
        for key, value in fields.items():
            form.add_field(key, value, filename="a.txt" if isinstance(value, bytes) else None)
        return await self.call("POST", path, data=form)

    async def set(self) -> None:
        """Make everything anew, so that no endpoint depends on what another one changed."""
        sandbox = self.sandbox
        people = [sandbox.add_user(name) for name in ("Li Lei", "Han Meimei")]
        group = sandbox.add_chat("Group", members=people, apps=[APP])
        group.owner, group.settings["chat_type"], group.managers = APP, "public", []
        department = sandbox.add_department("Sales", people)
        credentials = {"app_id": APP, "app_secret": SECRET}
        _, answer = await self.call("POST", "auth/v3/tenant_access_token/internal", json=credentials)
        self.token = answer["tenant_access_token"]
        message = await self.send(group.chat_id, "text", {"text": "hello"})
        _, reply = await self.call(
            "POST",
            f"im/v1/messages/{message}/reply",
            json={"msg_type": "text", "content": '{"text": "in a topic"}', "reply_in_thread": True},
        )
        path = f"im/v1/messages/{message}/reactions"
        _, reaction = await self.call("POST", path, json={"reaction_type": {"emoji_type": "LAUGH"}})
        await self.call("POST", "im/v1/pins", json={"message_id": message})
        _, image = await self.form("im/v1/images", FORMS["POST im/v1/images"])
        _, file = await self.form("im/v1/files", FORMS["POST im/v1/files"])
        _, card = await self.call("POST", "cardkit/v1/cards", json=BODIES["POST cardkit/v1/cards"])
        menu = f"im/v1/chats/{group.chat_id}/menu_tree"
        _, tree = await self.call("POST", menu, json=BODIES["POST im/v1/chats/{chat_id}/menu_tree"])
        top = tree["data"]["menu_tree"]["chat_menu_top_levels"][0]["chat_menu_top_level_id"]
        tab = {"tab_name": "Page", "tab_type": "url", "tab_content": {"url": "https://example.com"}}
        _, tabs = await self.call("POST", f"im/v1/chats/{group.chat_id}/chat_tabs", json={"chat_tabs": [tab]})
        await sandbox.read(people[0], group)
        one = people[0].open_id
        self.ids = {
            **{"receive_id": group.chat_id, "chat_id": group.chat_id, "container_id": group.chat_id},
            **{"message_id": message, "message_id_list": [message], "thread_id": reply["data"]["thread_id"]},
            **{"reaction_id": reaction["data"]["reaction_id"], "image_key": image["data"]["image_key"]},
            **{"file_key": file["data"]["file_key"], "card_id": card["data"]["card_id"], "element_id": "markdown_1"},
            **{"user_id": one, "open_id": one, "owner_id": one, "user_id_list": [one], "user_ids": [one]},
            **{"id_list": [people[1].open_id], "bot_id_list": [OTHER], "open_ids": [one], "manager_ids": [one]},
            **{"moderator_added_list": [one], "moderator_removed_list": [], "query": "Li", "page_token": None},
            **{"chat_menu_top_level_ids": [top], "menu_item_id": top, "emails": [people[0].email]},
            **{"mobiles": [people[0].mobile], "tab_ids": [tabs["data"]["chat_tabs"][1]["tab_id"]]},
            **{"tab_id": tabs["data"]["chat_tabs"][1]["tab_id"], "department_id": department.open_department_id},
            **{"revision": "0", "app_id": APP, "app_secret": SECRET},
        }

    def known(self, value: Any) -> Any:
        """An example with ids that exist."""
        if isinstance(value, list):
            return [self.known(each) for each in value]
        if not isinstance(value, dict):
            return value
        replaced = {key: self.ids[key] if key in self.ids else self.known(each) for key, each in value.items()}
        return {key: each for key, each in replaced.items() if each is not None}

    async def prepare(self, name: str) -> None:
        """What single endpoints need beyond the stage."""
        chat, other = self.ids["chat_id"], ""
        if name == "PATCH im/v1/messages/{message_id}":
            self.ids["message_id"] = await self.send(chat, "interactive", CARD)
        elif name.endswith("/resources/{file_key}"):
            self.ids["message_id"] = await self.send(chat, "file", {"file_key": self.ids["file_key"]})
        elif name.endswith("push_follow_up"):
            other = self.sandbox.world.p2p(self.ids["open_id"], APP).chat_id
            self.ids["message_id"] = await self.send(other, "text", {"text": "x"})
        elif name.endswith("/content"):
            settings = {"settings": '{"config": {"streaming_mode": true}}', "sequence": 1}
            await self.call("PATCH", f"cardkit/v1/cards/{self.ids['card_id']}/settings", json=settings)
            self.ids["sequence"] = 2
        elif name.endswith("delete_managers"):
            self.sandbox.world.chats[chat].managers = [self.ids["open_id"]]
        elif name.endswith("/moderation"):
            self.sandbox.world.chats[chat].moderators = [self.ids["open_id"]]
        elif name.endswith("/search"):
            self.ids["query"] = "Gro"
        elif "auth/v3" in name and not name.endswith("internal"):
            await self.as_store_app()
        self.ids["feed_card_id"] = chat

    async def as_store_app(self) -> None:
        """Have the ticket and the token that an app of the App Directory shows."""
        app = self.sandbox.world.apps[STORE]
        self.sandbox.tokens.push_ticket(app)
        shown = {"app_id": STORE, "app_secret": SECRET, "app_ticket": app.app_ticket}
        _, answer = await self.call("POST", "auth/v3/app_access_token", json=shown)
        tenant = next(iter(self.sandbox.world.users.values())).tenant_key
        self.ids |= {**shown, "app_access_token": answer["app_access_token"], "tenant_key": tenant}


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
    method, path = name.split(" ", 1)
    path = re.sub(r"\{(\w+)\}", lambda found: str(stage.ids[found[1]]), path)
    status, answer = await stage.call(
        method, path, json={**body, **({"receive_id": stage.ids["chat_id"]} if "?" in path else {})}
    )
    assert answer["code"] == code, f"{name} {body}: {answer}, not {code}"
    assert status >= 400
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
        lines.append(f"| {row.title} `{row.name}` | {result} | {fields} | {'; '.join(conditions)} |")
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
