"""Draws one message of each kind on the sandbox's chat page and writes the pictures to ``docs/images/messages``.

Needs ``chromium`` and the group ``test``: ``uv run --group dev python scripts/message_pictures.py``.
"""

import asyncio
import json
import shutil
import struct
import zlib
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import async_playwright

from nonebot_adapter_feishu_ws.card import Button, Card, Column, Columns, Header, Markdown
from nonebot_adapter_feishu_ws.sandbox import Chat, Sandbox, User

FOLDER = Path(__file__).parent.parent / "docs" / "images" / "messages"
APP, SECRET = "cli_a0b1c2d3e4f56789", "secret"
DUE = 1_710_500_000_000
"""A fixed time, so that the pictures stay the same."""


def png(width: int, height: int) -> bytes:
    """A small landscape: sky, sun, hills."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            hill = height * 0.7 - abs((x / width * 3) % 2 - 1) * height * 0.3
            sun = (x - width * 0.78) ** 2 + (y - height * 0.25) ** 2 < (height * 0.13) ** 2
            rows += bytes((52, 145, 95) if y > hill else (255, 205, 70) if sun else (150, 200 + y * 40 // height, 250))

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(rows), 9)) + chunk(b"IEND", b"")


class Bot:
    """Sends by REST, as an app does."""

    def __init__(self, http: aiohttp.ClientSession, chat: Chat) -> None:
        self._http = http
        self._chat = chat

    async def call(self, path: str, **options: Any) -> dict[str, Any]:
        """One call; the whole answer."""
        async with self._http.post(f"/open-apis/{path}", **options) as response:
            answer: dict[str, Any] = await response.json()
        if answer["code"] != 0:
            raise RuntimeError(f"{path}: {answer}")
        return answer

    async def log_in(self) -> None:
        """Fetch the token that the other calls need."""
        body = {"app_id": APP, "app_secret": SECRET}
        token = (await self.call("auth/v3/tenant_access_token/internal", json=body))["tenant_access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    async def image(self, width: int, height: int) -> str:
        """Upload an image; its key."""
        form = aiohttp.FormData({"image_type": "message"})
        form.add_field("image", png(width, height), filename="image.png")
        return (await self.call("im/v1/images", data=form))["data"]["image_key"]

    async def send(self, msg_type: str, content: dict[str, Any]) -> None:
        """Send one message to the chat."""
        body = {"receive_id": self._chat.chat_id, "msg_type": msg_type, "content": json.dumps(content)}
        await self.call("im/v1/messages", params={"receive_id_type": "chat_id"}, json=body)


async def fill(sandbox: Sandbox, bot: Bot, user: User, chat: Chat) -> list[str]:
    """One message of each kind; their names in the order of the chat."""
    picture, cover = await bot.image(240, 150), await bot.image(240, 135)
    sticker = await bot.image(90, 90)
    rich = [
        [
            {"tag": "text", "text": "See the "},
            {"tag": "a", "text": "notes", "href": "https://example.com"},
            {"tag": "text", "text": " "},
            {"tag": "emotion", "emoji_type": "SMILE"},
        ],
        [{"tag": "img", "image_key": picture}],
        [{"tag": "code_block", "language": "PYTHON", "text": 'print("v1.2")'}],
    ]
    buttons = [Button("Approve", value={"do": "yes"}, type="primary"), Button("Reject", value={"do": "no"})]
    columns = Columns([Column([button]) for button in buttons])
    card = Card([Markdown("**v1.2** is ready"), columns], header=Header("Deploy", template="blue"))
    task = {"title": "", "content": [[{"tag": "text", "text": "Prepare the weekly meeting"}]]}
    place = {"name": "Harbour", "longitude": "103.85", "latitude": "1.29"}
    received: list[tuple[str, dict[str, Any]]] = [
        ("file", {"file_key": "file_v3_1", "file_name": "report.xlsx"}),
        ("audio", {"file_key": "file_v3_2", "duration": 3500}),
        ("media", {"file_key": "file_v3_3", "image_key": cover, "file_name": "demo.mp4", "duration": 12_000}),
        ("sticker", {"file_key": sticker}),
        ("location", place),
        ("todo", {"task_id": "t1", "summary": task, "due_time": str(DUE)}),
        ("vote", {"topic": "Where do we have lunch?", "options": ["Noodles", "Rice", "Either"]}),
    ]
    sent: list[tuple[str, dict[str, Any]]] = [
        ("post", {"en_us": {"title": "Release", "content": rich}}),
        ("image", {"image_key": picture}),
        ("interactive", card.to_dict()),
        ("share_chat", {"chat_id": chat.chat_id}),
        ("share_user", {"user_id": user.open_id}),
    ]
    said = await sandbox.say(user, chat, "the release is out", at=[APP])
    for msg_type, content in received:
        await sandbox.say(user, chat, content, msg_type=msg_type)
    for msg_type, content in sent:
        await bot.send(msg_type, content)
    await sandbox.forward(user, chat, [said])
    return ["text", *(name for name, _ in received), *(name for name, _ in sent), "merge_forward"]


async def main() -> None:
    """Write every picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with Sandbox() as sandbox, aiohttp.ClientSession(sandbox.url) as http, async_playwright() as playwright:
        sandbox.add_app(APP, SECRET, name="Release bot")
        user = sandbox.add_user("Li Lei")
        chat = sandbox.add_chat("Release team", members=[user], apps=[APP])
        bot = Bot(http, chat)
        await bot.log_in()
        names = await fill(sandbox, bot, user, chat)
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = await browser.new_page(
            locale="en-US",
            timezone_id="UTC",
            viewport={"width": 1000, "height": 2400},
            device_scale_factor=1.5,
            color_scheme="light",
        )
        await page.goto(sandbox.url)
        bubbles = page.locator(".bubble")
        await bubbles.nth(len(names) - 1).wait_for()
        await page.wait_for_load_state("load")
        await page.wait_for_timeout(1000)  # images of the messages
        for number, name in enumerate(names):
            await bubbles.nth(number).screenshot(path=FOLDER / f"{name}.png")
            print(f"{name}.png")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
