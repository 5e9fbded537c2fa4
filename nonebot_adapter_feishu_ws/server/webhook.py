"""The webhook route: authentication, decryption, challenge, then the same intake as the socket.

Source: 将事件发送至开发者服务器 (delivery, challenge, answers within 3 s).
"""

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from nonebot.drivers import Request, Response
from pydantic import SecretStr
from pydantic_core import to_json

from ..event.callback import OLD_CARD_ADVICE, is_old_card
from ..event.envelope import Envelope, Receipt
from ..logs import LogOnce, log
from ..net.bounded_json import JsonError, is_object, read_json
from .body_limit import JSON_TYPE, Refused
from .replay_guard import ReplayGuard
from .signature import NotEncrypted, Proof, SignatureError, check_signature, check_token, decrypt

HEADER_TIMESTAMP = "X-Lark-Request-Timestamp"
HEADER_NONCE = "X-Lark-Request-Nonce"
HEADER_SIGNATURE = "X-Lark-Signature"
_MAX_CHALLENGE = 64 * 1024
"""Bytes; an unsigned body is read only if it can be a challenge, which has a few hundred."""
_WORD = re.compile(r"[A-Za-z0-9_.+/=-]{1,256}")
_UNKNOWN = "no bot with a verification token or encrypt key has this app id"
_JSON = {"Content-Type": JSON_TYPE}


@dataclass(frozen=True, slots=True)
class WebhookSecrets:
    """The secrets that authenticate deliveries to one bot; at least one is set."""

    encrypt_key: SecretStr | None
    verification_token: SecretStr | None


@dataclass(frozen=True, slots=True)
class _Delivery:
    payload: bytes
    fields: dict[str, Any]
    proof: Proof | None = None
    """None for an unsigned delivery."""


@dataclass(eq=False, repr=False)
class WebhookRoute:
    """Handles ``POST /feishu/{app_id}`` for all bots. Runs on NoneBot's loop."""

    secrets: Mapping[str, WebhookSecrets]
    """App id -> the secrets of its deliveries; other bots have no webhook."""
    receive: Callable[[Envelope], Awaitable[Receipt]]
    """Takes a delivery; returns once it may be answered."""
    is_disconnected_by_operator: Callable[[str], bool]
    _: KW_ONLY
    now: Callable[[], float] = time.time
    replays: ReplayGuard = field(default_factory=ReplayGuard)
    _reported: LogOnce = field(default_factory=LogOnce)

    async def handle(self, request: Request) -> Response:
        """Answer one delivery: 200 when the event is taken, 4xx when it is not authentic or not readable, 500 when
        it must be pushed again."""
        app_id = request.url.path.rstrip("/").rpartition("/")[2]
        try:
            return await self._handle(app_id, request)
        except Refused as refusal:
            # Unknown ids are attacker-controlled: no log key, never printed.
            name = "an unknown app id" if self.secrets.get(app_id) is None else app_id
            if self._reported.first(f"{name} {refusal.reason}"):
                log("WARNING", "Webhook for {}: refused a delivery: {} (logged once per kind)", name, refusal.reason)
            return Response(refusal.status, headers=_JSON, content=refusal.body)

    async def _handle(self, app_id: str, request: Request) -> Response:
        secrets = self.secrets.get(app_id)
        if secrets is None:
            raise Refused(404, _UNKNOWN)
        body = request.content or b""
        raw = body.encode() if isinstance(body, str) else body
        try:
            delivery = self._open(raw, request.headers, secrets)
        except SignatureError as error:
            raise Refused(401, str(error)) from error
        if delivery.fields.get("type") == "url_verification":
            return _answer_challenge(delivery.fields.get("challenge"))
        if _app_of(delivery.fields) not in (None, app_id):
            raise Refused(403, "the event is another app's: the request URL in that app's console ends with this id")
        if self.is_disconnected_by_operator(app_id):
            raise Refused(503, "the bot is disconnected by its operator; Feishu keeps the event and pushes it again")
        envelope = Envelope(bot_id=app_id, payload=delivery.payload, transport="webhook")
        if (proof := delivery.proof) is None:
            receipt = await self.receive(envelope)
        else:
            receipt = await self._receive_once(envelope, proof)
        content = to_json({}) if receipt.data is None else receipt.data
        return Response(receipt.code, headers=_JSON, content=content)

    async def _receive_once(self, envelope: Envelope, proof: Proof) -> Receipt:
        """Hand over a signed delivery, unless it is a replay.

        A delivery that was not taken may be repeated unchanged: a proxy in front may retry a request that was answered
        with 500.
        """
        if not self.replays.claim(proof.signature, proof.until, self.now()):
            raise Refused(401, "this very delivery (timestamp, nonce and signature) was taken already: a replay")
        taken = False
        try:
            receipt = await self.receive(envelope)
            taken = 200 <= receipt.code < 300
            return receipt
        finally:
            if not taken:
                self.replays.release(proof.signature)

    def _open(self, raw: bytes, headers: Mapping[str, str], secrets: WebhookSecrets) -> _Delivery:
        if secrets.encrypt_key is not None:
            delivery = self._open_encrypted(raw, headers, secrets.encrypt_key.get_secret_value())
        else:
            delivery = _Delivery(raw, _read(raw))
            if "encrypt" in delivery.fields:
                raise Refused(400, "the body is encrypted, but no encrypt_key is configured for this bot")
        if is_old_card(delivery.fields):
            raise Refused(400, OLD_CARD_ADVICE)
        if secrets.verification_token is not None:
            header = delivery.fields.get("header")
            holder = header if is_object(header) else delivery.fields
            check_token(holder.get("token"), secrets.verification_token.get_secret_value())
        return delivery

    def _open_encrypted(self, raw: bytes, headers: Mapping[str, str], encrypt_key: str) -> _Delivery:
        # The signature is checked first. Without a valid one the answer must not depend on the decryption: that would
        # be a padding oracle, with which a recorded delivery can be decrypted without the key, byte by byte.
        try:
            proof = check_signature(
                timestamp=headers.get(HEADER_TIMESTAMP, ""),
                nonce=headers.get(HEADER_NONCE, ""),
                signature=headers.get(HEADER_SIGNATURE, ""),
                encrypt_key=encrypt_key,
                body=raw,
                now=self.now(),
            )
        except SignatureError:
            challenge = _open_challenge(raw, encrypt_key)
            if challenge is None:
                raise
            return challenge
        payload = decrypt(encrypt_key, _encrypted(_read(raw)))
        return _Delivery(payload, _read(payload), proof)


def _open_challenge(raw: bytes, encrypt_key: str) -> _Delivery | None:
    """Open a challenge, the one delivery that comes unsigned; None for anything else, whatever is wrong with it."""
    if len(raw) > _MAX_CHALLENGE:
        return None
    try:
        payload = decrypt(encrypt_key, _encrypted(_read(raw)))
        fields = _read(payload)
    except NotEncrypted:
        raise
    except (SignatureError, Refused):
        return None
    return _Delivery(payload, fields) if fields.get("type") == "url_verification" else None


def _app_of(fields: dict[str, Any]) -> object:
    """The app id that an event names; None when it names none."""
    for part in (fields.get("header"), fields.get("event")):
        if is_object(part) and (app_id := part.get("app_id")) is not None:
            return app_id
    return None


def _encrypted(fields: dict[str, Any]) -> str:
    encrypted = fields.get("encrypt")
    if not isinstance(encrypted, str):
        plain = "the body is not encrypted, although an encrypt key is configured"
        raise NotEncrypted(OLD_CARD_ADVICE if is_old_card(fields) else plain)
    return encrypted


def _read(raw: bytes) -> dict[str, Any]:
    try:
        fields: object = read_json(raw)
    except JsonError as error:
        raise Refused(400, f"the body {error}") from None
    if not is_object(fields):
        raise Refused(400, "the body is not a JSON object")
    return fields


def _answer_challenge(challenge: object) -> Response:
    # The answer reveals what was decrypted. Blocks of a recorded delivery that are spliced into a recorded challenge
    # come with 16 bytes of garbage, which hardly ever look like a plain word.
    if not isinstance(challenge, str) or _WORD.fullmatch(challenge) is None:
        raise Refused(400, "the challenge is no plain word")
    return Response(200, headers=_JSON, content=to_json({"challenge": challenge}))
