"""The webhook route: proofs, decryption, challenge, then the same intake as the socket.

Source: 将事件发送至开发者服务器 (delivery, challenge, answers within 3 s).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from nonebot.drivers import Request, Response
from pydantic import SecretStr
from pydantic_core import to_json

from ..event.envelope import Envelope, Receipt, Receive
from ..log import LogOnce, log
from ..net.bounded_json import JsonError, read_json
from .replay_guard import NonceMemory
from .signature import NotEncrypted, Proof, SignatureError, check_signature, check_token, decrypt

HEADER_TIMESTAMP = "X-Lark-Request-Timestamp"
HEADER_NONCE = "X-Lark-Request-Nonce"
HEADER_SIGNATURE = "X-Lark-Signature"
_MAX_CHALLENGE = 64 * 1024
"""Bytes; what is unsigned is read only when it can be a challenge, which has some hundred."""
_WORD = re.compile(r"[A-Za-z0-9_.+/=-]{1,256}")
_UNKNOWN = "no bot with a verification token or encrypt key has this app id"
_JSON = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class WebhookSecrets:
    """What proves that a delivery to a bot is genuine; at least one of them is set."""

    encrypt_key: SecretStr | None
    verification_token: SecretStr | None


@dataclass(frozen=True, slots=True)
class _Delivery:
    payload: bytes
    fields: dict[str, Any]
    proof: Proof | None = None
    """Only what is signed has one."""


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
        nonces: NonceMemory | None = None,
    ) -> None:
        """Args:
        secrets: app id -> what its deliveries are checked with; a bot that is not in it has no webhook.
        receive: the intake's door.
        is_closed: whether an app's operator has disconnected it, so that it takes nothing.
        now: seconds since the epoch.
        nonces: which signed deliveries were taken; a memory of its own when None.
        """
        self._secrets = secrets
        self._receive = receive
        self._is_closed = is_closed
        self._now = now
        self._nonces = NonceMemory() if nonces is None else nonces
        self._reported = LogOnce()

    async def handle(self, request: Request) -> Response:
        """Answer one delivery: 200 when the event is taken, 4xx when it cannot be trusted or read, 500 when it
        must be pushed again."""
        app_id = request.url.path.rstrip("/").rpartition("/")[2]
        try:
            return await self._handle(app_id, request)
        except _Refused as refusal:
            # An unknown id is anybody's text: it neither makes kinds nor stands in the log.
            name = "an unknown app id" if self._secrets.get(app_id) is None else app_id
            if self._reported.first(f"{name} {refusal.reason}"):
                text = f"Webhook for {name}: refused a delivery: {refusal.reason} (said once per kind)"
                log("WARNING", "{}", text)
            return _answer(refusal.status, {"success": False, "error": refusal.reason})

    async def _handle(self, app_id: str, request: Request) -> Response:
        secrets = self._secrets.get(app_id)
        if secrets is None:
            raise _Refused(404, _UNKNOWN)
        body = request.content or b""
        raw = body.encode() if isinstance(body, str) else body
        try:
            delivery = self._open(raw, request.headers, secrets)
        except SignatureError as error:
            raise _Refused(401, str(error)) from error
        if delivery.fields.get("type") == "url_verification":
            return _answer_challenge(delivery.fields.get("challenge"))
        if _app_of(delivery.fields) not in (None, app_id):
            raise _Refused(403, "the event is another app's: the request URL in that app's console ends with this id")
        if self._is_closed(app_id):
            raise _Refused(503, "the bot is disconnected by its operator; Feishu keeps the event and pushes it again")
        envelope = Envelope(bot_id=app_id, payload=delivery.payload, transport="webhook")
        if (proof := delivery.proof) is None:
            receipt = await self._receive(envelope)
        else:
            receipt = await self._once(envelope, proof)
        if receipt.data is not None:
            return Response(receipt.code, headers=_JSON, content=receipt.data)
        return _answer(receipt.code, {})

    async def _once(self, envelope: Envelope, proof: Proof) -> Receipt:
        """Hand over a signed delivery, unless this very one was taken. What is not taken may come again as it is: a
        proxy in front may repeat a request that was answered with 500."""
        if not self._nonces.claim(proof.signature, proof.until, self._now()):
            raise _Refused(401, "this very delivery (timestamp, nonce and signature) was taken already: a replay")
        taken = False
        try:
            receipt = await self._receive(envelope)
            taken = 200 <= receipt.code < 300
            return receipt
        finally:
            if not taken:
                self._nonces.release(proof.signature)

    def _open(self, raw: bytes, headers: Mapping[str, str], secrets: WebhookSecrets) -> _Delivery:
        if secrets.encrypt_key is not None:
            delivery = self._open_encrypted(raw, headers, secrets.encrypt_key.get_secret_value())
        else:
            delivery = _Delivery(raw, _read(raw))
            if "encrypt" in delivery.fields:
                raise _Refused(400, "the body is encrypted, but no encrypt_key is configured for this bot")
        if secrets.verification_token is not None:
            header = delivery.fields.get("header")
            holder = cast("dict[str, Any]", header) if isinstance(header, dict) else delivery.fields
            check_token(holder.get("token"), secrets.verification_token.get_secret_value())
        return delivery

    def _open_encrypted(self, raw: bytes, headers: Mapping[str, str], encrypt_key: str) -> _Delivery:
        # The signature comes first. Whoever cannot sign must not learn how the decryption ends: with that answer a
        # recorded delivery can be decrypted without the key, byte by byte.
        try:
            proof = check_signature(
                timestamp=headers.get(HEADER_TIMESTAMP, ""),
                nonce=headers.get(HEADER_NONCE, ""),
                signature=headers.get(HEADER_SIGNATURE, ""),
                encrypt_key=encrypt_key,
                body=raw,
                now=self._now(),
            )
        except SignatureError:
            challenge = _open_challenge(raw, encrypt_key)
            if challenge is None:
                raise
            return challenge
        payload = decrypt(encrypt_key, _encrypted(_read(raw)))
        return _Delivery(payload, _read(payload), proof)


def _open_challenge(raw: bytes, encrypt_key: str) -> _Delivery | None:
    """The one delivery that comes unsigned; None for anything else, whatever is wrong with it."""
    if len(raw) > _MAX_CHALLENGE:
        return None
    try:
        payload = decrypt(encrypt_key, _encrypted(_read(raw)))
        fields = _read(payload)
    except NotEncrypted:
        raise
    except (SignatureError, _Refused):
        return None
    return _Delivery(payload, fields) if fields.get("type") == "url_verification" else None


def _app_of(fields: dict[str, Any]) -> object:
    """The app id that an event names; None when it names none."""
    for part in (fields.get("header"), fields.get("event")):
        if isinstance(part, dict) and (app_id := cast("dict[str, Any]", part).get("app_id")) is not None:
            return app_id
    return None


def _encrypted(fields: dict[str, Any]) -> str:
    encrypted = fields.get("encrypt")
    if not isinstance(encrypted, str):
        raise NotEncrypted("the body is not encrypted, although an encrypt key is configured")
    return encrypted


def _read(raw: bytes) -> dict[str, Any]:
    try:
        fields: object = read_json(raw)
    except JsonError as error:
        raise _Refused(400, f"the body {error}") from None
    if not isinstance(fields, dict):
        raise _Refused(400, "the body is not a JSON object")
    return cast("dict[str, Any]", fields)


def _answer_challenge(challenge: object) -> Response:
    # The answer shows what was decrypted. Blocks of a recorded delivery, put into a recorded challenge, bring 16 bytes
    # of rubble along with them, which are hardly ever part of a plain word.
    if not isinstance(challenge, str) or _WORD.fullmatch(challenge) is None:
        raise _Refused(400, "the challenge is no plain word")
    return _answer(200, {"challenge": challenge})


def _answer(status: int, content: dict[str, Any]) -> Response:
    return Response(status, headers=_JSON, content=to_json(content))
