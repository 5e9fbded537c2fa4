"""Delivery to a bot's webhook, as Feishu does it: encrypted and signed when the app has an encrypt key."""

import base64
import hashlib
import json
import secrets
from typing import Any

import aiohttp

from ..server.signature import sign
from ..server.webhook import HEADER_NONCE, HEADER_SIGNATURE, HEADER_TIMESTAMP
from .state import App

TIMEOUT = 3.0


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
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    async with session.post(app.webhook_url, data=body, headers=headers, timeout=timeout) as response:
        raw = await response.read()
    try:
        return response.status, json.loads(raw)
    except ValueError:
        return response.status, None
