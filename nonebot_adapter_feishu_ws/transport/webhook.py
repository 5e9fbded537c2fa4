"""The webhook route: proofs, decryption, challenge, then the same intake as the socket.

Source: 将事件发送至开发者服务器 (delivery, challenge, answers within 3 s).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from nonebot.drivers import Request, Response
from pydantic import SecretStr
from pydantic_core import from_json, to_json

from ..log import OncePer, escape, log
from .connection import Envelope, Receive
from .signature import SignatureError, check_signature, check_token, decrypt

HEADER_TIMESTAMP = "X-Lark-Request-Timestamp"
HEADER_NONCE = "X-Lark-Request-Nonce"
HEADER_SIGNATURE = "X-Lark-Signature"
_JSON = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class WebhookSecrets:
    """What proves that a delivery to a bot is genuine; at least one of them is set."""

    encrypt_key: SecretStr | None
    verification_token: SecretStr | None


class _Refused(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class WebhookRoute:
    """Handles ``POST /feishu/{app_id}`` for all bots. Runs on NoneBot's loop."""

    def __init__(
        self,
        secrets: Mapping[str, WebhookSecrets],
        receive: Receive,
        *,
        is_closed: Callable[[str], bool] = lambda app_id: False,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Args:
        secrets: app id -> what its deliveries are checked with; a bot that is not in it has no webhook.
        receive: the intake's door.
        is_closed: whether an app's operator has disconnected it, so that it takes nothing.
        now: seconds since the epoch.
        """
        self._secrets = secrets
        self._receive = receive
        self._is_closed = is_closed
        self._now = now
        self._reported = OncePer()

    async def handle(self, request: Request) -> Response:
        """Answer one delivery: 200 when the event is taken, 4xx when it cannot be trusted or read, 500 when it
        must be pushed again."""
        app_id = request.url.path.rstrip("/").rpartition("/")[2]
        try:
            return await self._handle(app_id, request)
        except _Refused as refusal:
            if self._reported.first(f"{app_id} {refusal.reason}"):
                text = f"Webhook for {app_id}: refused a delivery: {refusal.reason} (said once per kind)"
                log("WARNING", escape(text))
            return _answer(refusal.status, {"success": False, "error": refusal.reason})

    async def _handle(self, app_id: str, request: Request) -> Response:
        secrets = self._secrets.get(app_id)
        if secrets is None:
            raise _Refused(404, "no bot with a verification token or encrypt key has this app id")
        body = request.content or b""
        raw = body.encode() if isinstance(body, str) else body
        try:
            payload, fields = self._open(raw, request.headers, secrets)
        except SignatureError as error:
            raise _Refused(401, str(error)) from error
        if fields.get("type") == "url_verification":
            return _answer(200, {"challenge": fields.get("challenge")})
        if self._is_closed(app_id):
            raise _Refused(503, "the bot is disconnected by its operator; Feishu keeps the event and pushes it again")
        receipt = await self._receive(Envelope(bot_id=app_id, payload=payload, transport="webhook"))
        if receipt.data is not None:
            return Response(receipt.code, headers=_JSON, content=receipt.data)
        return _answer(receipt.code, {})

    def _open(self, raw: bytes, headers: Mapping[str, str], secrets: WebhookSecrets) -> tuple[bytes, dict[str, Any]]:
        fields = _read(raw)
        payload = raw
        if secrets.encrypt_key is not None:
            encrypt_key = secrets.encrypt_key.get_secret_value()
            encrypted = fields.get("encrypt")
            if not isinstance(encrypted, str):
                raise SignatureError("the body is not encrypted, although an encrypt key is configured")
            payload = decrypt(encrypt_key, encrypted)
            fields = _read(payload)
            if fields.get("type") != "url_verification":  # the one delivery that comes unsigned
                check_signature(
                    timestamp=headers.get(HEADER_TIMESTAMP, ""),
                    nonce=headers.get(HEADER_NONCE, ""),
                    signature=headers.get(HEADER_SIGNATURE, ""),
                    encrypt_key=encrypt_key,
                    body=raw,
                    now=self._now(),
                )
        elif "encrypt" in fields:
            raise _Refused(400, "the body is encrypted, but no encrypt_key is configured for this bot")
        if secrets.verification_token is not None:
            header = fields.get("header")
            token = cast("dict[str, Any]", header).get("token") if isinstance(header, dict) else fields.get("token")
            check_token(token, secrets.verification_token.get_secret_value())
        return payload, fields


def _read(raw: bytes) -> dict[str, Any]:
    try:
        fields: object = from_json(raw)
    except ValueError:
        raise _Refused(400, "the body is not JSON") from None
    if not isinstance(fields, dict):
        raise _Refused(400, "the body is not a JSON object")
    return cast("dict[str, Any]", fields)


def _answer(status: int, content: dict[str, Any]) -> Response:
    return Response(status, headers=_JSON, content=to_json(content))
