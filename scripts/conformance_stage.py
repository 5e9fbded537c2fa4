"""The stage of the conformance run: people, groups, messages, files and cards in place of those of the examples."""

import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from nonebot_adapter_feishu_ws.sandbox import Sandbox

APP, OTHER, STORE, SECRET = "cli_00000000000000a1", "cli_00000000000000a2", "cli_00000000000000a3", "secret"
MARKDOWN = {"tag": "markdown", "content": "x", "element_id": "markdown_1"}
CARD = {"schema": "2.0", "body": {"elements": [MARKDOWN]}}
NAMES = dict.fromkeys(("zh_cn", "ja_jp", "en_us"), "More")
LINKS = {f"{place}_url": "https://example.com" for place in ("common", "pc", "ios", "android", "web")}
ITEM = {
    "action_type": "REDIRECT_LINK",
    "redirect_link": LINKS,
    "image_key": "img_1",
    "name": "More",
    "i18n_names": NAMES,
}
MENU = {"chat_menu_item": ITEM, "children": [{"chat_menu_item": ITEM}]}
TAB, DOCUMENT = (
    {"tab_name": "Page", "tab_type": kind, "tab_content": {kind: "https://example.com"}} for kind in ("url", "doc")
)
ATTRIBUTE = {
    "type": "TEXT",
    "id": "C-1",
    "value": {
        **dict.fromkeys(("text", "url", "pc_url", "option_id", "option_value", "name", "picture_url"), "x"),
        "generic_user": {"id": "x", "type": 1},
    },
}
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
    "POST im/v1/chats/{chat_id}/menu_tree": {"menu_tree": {"chat_menu_top_levels": [MENU]}},
}
"""Where a document has no example, or one of an id or a card that the sandbox would have to know."""
EPHEMERAL = {"open_id": "", "chat_id": "", "msg_type": "interactive", "card": CARD}
ACCEPTORS = ("department_chat", "external_chat", "docs", "calendar", "application")
"""Who gets what a deleted person leaves."""
GROUPS: Mapping[str, list[str]] = {"Outside": [], "Quiet": [APP], "Gone": [APP]}


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
        people[0].profile = {"custom_attrs": [ATTRIBUTE]}
        group.owner, group.settings["chat_type"], group.managers = APP, "public", []
        department = sandbox.add_department("Sales", people)
        credentials = {"app_id": APP, "app_secret": SECRET}
        _, answer = await self.call("POST", "auth/v3/tenant_access_token/internal", json=credentials)
        self.token = answer["tenant_access_token"]
        text = json.dumps({"text": f'<at user_id="{people[0].open_id}"></at> hello'})
        mention = {"msg_type": "text", "content": text}
        first = await self.send(group.chat_id, "text", {"text": "a topic"})
        path = f"im/v1/messages/{first}/reply"
        _, reply = await self.call("POST", path, json={**mention, "reply_in_thread": True})
        message = reply["data"]["message_id"]
        path = f"im/v1/messages/{message}/reactions"
        _, reaction = await self.call("POST", path, json={"reaction_type": {"emoji_type": "LAUGH"}})
        await self.call("POST", "im/v1/pins", json={"message_id": message})
        _, image = await self.form("im/v1/images", FORMS["POST im/v1/images"])
        _, file = await self.form("im/v1/files", FORMS["POST im/v1/files"])
        _, card = await self.call("POST", "cardkit/v1/cards", json=BODIES["POST cardkit/v1/cards"])
        menu = f"im/v1/chats/{group.chat_id}/menu_tree"
        _, tree = await self.call("POST", menu, json=BODIES["POST im/v1/chats/{chat_id}/menu_tree"])
        top = tree["data"]["menu_tree"]["chat_menu_top_levels"][0]["chat_menu_top_level_id"]
        _, tabs = await self.call("POST", f"im/v1/chats/{group.chat_id}/chat_tabs", json={"chat_tabs": [TAB, DOCUMENT]})
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
            **{"mobiles": [people[0].mobile], "tab_ids": [each["tab_id"] for each in tabs["data"]["chat_tabs"][1:]]},
            **{"tab_id": tabs["data"]["chat_tabs"][1]["tab_id"], "department_id": department.open_department_id},
            **{"revision": "0", "app_id": APP, "app_secret": SECRET, "new_user_id": "new_id"},
            **{"department_ids": [department.open_department_id], "acceptor_user_id": people[1].open_id},
            **{f"{each}_acceptor_user_id": people[1].open_id for each in ACCEPTORS},
        }

    async def set_traps(self) -> None:
        """Add what mistakes are made with: groups, messages, files and cards that the bot may not touch."""
        sandbox, world, chat = self.sandbox, self.sandbox.world, self.ids["chat_id"]
        one, left = world.users[self.ids["open_id"]], sandbox.add_user("Left")
        left.resigned = True
        group = world.chats[chat]
        outside, quiet, gone = (sandbox.add_chat(name, members=[one], apps=apps) for name, apps in GROUPS.items())
        topics = sandbox.add_chat("Topics", members=[one], apps=[APP], mode="topic")
        quiet.owner, quiet.settings = one.open_id, {"moderation_permission": "only_owner"}
        world.dissolve(gone)
        said = await sandbox.say(one, group, "hello")
        await sandbox.react(one, said, "OK")
        received = await sandbox.send_file(one, group, b"words", name="a.txt")
        _, video = await self.form("im/v1/files", {"file_type": "mp4", "file_name": "a.mp4", "file": b"video"})
        _, voice = await self.form("im/v1/files", {"file_type": "opus", "file_name": "a.opus", "file": b"voice"})
        old, recalled = await self.send(chat, "interactive", CARD), await self.send(chat, "text", {"text": "x"})
        world.messages[old].create_time -= 15 * 86_400_000
        await self.call("DELETE", f"im/v1/messages/{recalled}")
        _, tabs = await self.call("GET", f"im/v1/chats/{chat}/chat_tabs/list_tabs")
        (_, image), (_, card) = await self.as_other()
        self.ids |= {
            **{"outside": outside.chat_id, "quiet": quiet.chat_id, "gone": gone.chat_id, "topics": topics.chat_id},
            **{
                "left": left.open_id,
                "said": said.message_id,
                "liked": world.reactions[said.message_id][0]["reaction_id"],
            },
            **{"received_key": json.loads(received.content)["file_key"], "video_key": video["data"]["file_key"]},
            **{"old": old, "recalled": recalled, "private": world.p2p(one.open_id, APP).chat_id},
            **{"voice": await self.send(chat, "audio", {"file_key": voice["data"]["file_key"]})},
            **{"outside_message": (await sandbox.say(one, outside, "x")).message_id, "email": one.email},
            **{"mobile": one.mobile, "first_tab": tabs["data"]["chat_tabs"][0]["tab_id"]},
            **{"others_image": image["data"]["image_key"], "others_card": card["data"]["card_id"]},
        }

    async def as_other(self) -> list[tuple[int, Any]]:
        """Another app's picture and card."""
        own, credentials = self.token, {"app_id": OTHER, "app_secret": SECRET}
        _, answer = await self.call("POST", "auth/v3/tenant_access_token/internal", json=credentials)
        self.token = answer["tenant_access_token"]
        picture = await self.form("im/v1/images", FORMS["POST im/v1/images"])
        card = await self.call("POST", "cardkit/v1/cards", json=BODIES["POST cardkit/v1/cards"])
        self.token = own
        return [picture, card]

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
        elif name == "DELETE im/v1/chats/{chat_id}/menu_tree":
            menu = BODIES["POST im/v1/chats/{chat_id}/menu_tree"]  # one that stays
            await self.call("POST", f"im/v1/chats/{chat}/menu_tree", json=menu)
        elif name == "GET im/v1/chats/search":
            self.ids["query"] = "Gro"
        elif name.endswith("/resurrect"):
            self.sandbox.world.users[self.ids["user_id"]].resigned = True
        elif name == "POST contact/v3/users":
            self.ids["user_id"] = "newcomer"
        elif name == "PATCH contact/v3/users/{user_id}":
            for user in self.sandbox.world.users.values():
                user.profile = {}  # the example's number may belong to one person
        elif name == "POST ephemeral/v1/delete":
            _, answer = await self.call("POST", "ephemeral/v1/send", json=self.known(EPHEMERAL))
            self.ids["message_id"] = answer["data"]["message_id"]
        elif "{batch_message_id}" in name:
            text = {"open_ids": [self.ids["open_id"]], "msg_type": "text", "content": {"text": "to all"}}
            _, answer = await self.call("POST", "message/v4/batch_send", json=text)
            self.ids["batch_message_id"] = answer["data"]["message_id"]
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
