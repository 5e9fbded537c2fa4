"""Events as Feishu builds them (事件结构; 接收消息), and their way to webhooks: encrypted and signed with a key."""

import base64
import hashlib
import json
import re
import secrets
from typing import Any

import aiohttp

from ..server.signature import sign
from ..server.webhook import HEADER_NONCE, HEADER_SIGNATURE, HEADER_TIMESTAMP
from .state import TENANT, App, Message, User, World, random_hex

WEBHOOK_TIMEOUT = 3.0
_END = ",.;:!?，。；：！？、"
_TYPED = re.compile(
    rf"""(https?://[^\s<>"'\[\]]*[^\s<>"'\[\]{_END}])|((?<![\w@.])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)""", re.ASCII
)


def as_typed(text: str) -> str:
    """What a user types, as Feishu delivers it: URLs and mail addresses become links (接收消息内容)."""
    if "](" in text:
        return text
    return _TYPED.sub(lambda found: f"[{found[0]}]({'' if found[1] else 'mailto:'}{found[0]})", text)


def envelope(app: App, event_type: str, event: dict[str, Any], create_time: int, /, **header: Any) -> dict[str, Any]:
    """An event of version 2."""
    return {
        "schema": "2.0",
        "header": {
            "event_id": random_hex(),
            "token": app.verification_token or "",
            "create_time": str(create_time),
            "event_type": event_type,
            "tenant_key": TENANT,
            "app_id": app.app_id,
            **header,
        },
        "event": event,
    }


def user_ids(user: User, app: App | None) -> dict[str, Any]:
    """A user's ids as this app sees them; all of them without an app."""
    ids: dict[str, Any] = {"open_id": user.open_id}
    if app is None or app.user_id_scope:
        ids |= {"union_id": user.union_id, "user_id": user.user_id}
    return ids


def message_event(world: World, app: App, message: Message) -> dict[str, Any]:
    """``event`` of ``im.message.receive_v1``."""
    body: dict[str, Any] = {
        "message_id": message.message_id,
        "create_time": str(message.create_time),
        "update_time": str(message.create_time),
        "chat_id": message.chat_id,
        "chat_type": world.chats[message.chat_id].chat_type,
        "message_type": message.msg_type,
        "content": message.content,
        "user_agent": "",
    }
    for key in ("root_id", "parent_id", "thread_id"):
        if value := getattr(message, key):
            body[key] = value
    if message.mentions:
        body["mentions"] = message.mentions
    return {"sender": _sender(world, app, message), "message": body}


def _sender(world: World, app: App, message: Message) -> dict[str, Any]:
    if message.sender_type == "app":
        ids = {"open_id": world.apps[message.sender_id].bot_open_id, "union_id": "", "user_id": ""}
        return {"sender_id": ids, "sender_type": "bot", "tenant_key": TENANT}
    user = world.users[message.sender_id]
    return {"sender_id": user_ids(user, app), "sender_type": "user", "tenant_key": user.tenant_key}


def mention(world: World, app: App | None, key: str, target: str) -> dict[str, Any]:
    """An entry of ``mentions`` for a user's open_id or a bot's app id; raises ``ValueError`` if there is none."""
    if target not in world.apps and target not in world.users:
        raise ValueError(f"nobody here has the id {target!r}: a mention names an app id, an open_id or all")
    if target in world.apps:
        other = world.apps[target]
        ids: dict[str, Any] = {"open_id": other.bot_open_id, "union_id": "", "user_id": ""}
        return {"key": key, "id": ids, "name": other.name, "tenant_key": TENANT, "mentioned_type": "bot"}
    user = world.users[target]
    return {"key": key, "id": user_ids(user, app), "name": user.name, "tenant_key": TENANT, "mentioned_type": "user"}


def build_request(app: App, payload: bytes, now: float, *, signed: bool = True) -> tuple[bytes, dict[str, str]]:
    """Body and headers of one delivery; ``signed`` is False for ``url_verification``, which comes unsigned."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if app.encrypt_key is None:
        return payload, headers
    body = json.dumps({"encrypt": encrypt(app.encrypt_key, payload)}).encode()
    if signed:
        timestamp, nonce = str(int(now)), secrets.token_hex(8)
        headers |= {
            HEADER_TIMESTAMP: timestamp,
            HEADER_NONCE: nonce,
            HEADER_SIGNATURE: sign(timestamp, nonce, app.encrypt_key, body),
        }
    return body, headers


def encrypt(encrypt_key: str, plain: bytes) -> str:
    """AES-256-CBC with PKCS#7 padding, the IV in front, as base64."""
    from Crypto.Cipher import AES

    padding = AES.block_size - len(plain) % AES.block_size
    iv = secrets.token_bytes(AES.block_size)
    key = hashlib.sha256(encrypt_key.encode()).digest()
    cipher = AES.new(key, AES.MODE_CBC, iv)  # pyright: ignore[reportUnknownMemberType]
    return base64.b64encode(iv + cipher.encrypt(plain + bytes([padding]) * padding)).decode()


async def deliver(
    session: aiohttp.ClientSession, app: App, payload: bytes, now: float, *, signed: bool = True
) -> tuple[int, Any]:
    """Post one delivery; returns the HTTP status and the answer's JSON (None when it has none)."""
    assert app.webhook_url is not None
    body, headers = build_request(app, payload, now, signed=signed)
    timeout = aiohttp.ClientTimeout(total=WEBHOOK_TIMEOUT)
    async with session.post(app.webhook_url, data=body, headers=headers, timeout=timeout) as response:
        raw = await response.read()
    try:
        return response.status, json.loads(raw)
    except ValueError:
        return response.status, None
