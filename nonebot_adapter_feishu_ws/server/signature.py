"""Authentication and decryption of webhook deliveries. Pure: no I/O.

Source: 事件订阅 / Encrypt Key 加密策略 (signature: ``sha256(timestamp + nonce + encrypt_key + body)``; encryption:
AES-256-CBC with ``sha256(encrypt_key)`` as the key, the first block as the IV, PKCS#7 padding).
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from ..event.callback import OLD_CARD_ADVICE
from ..utils import AESCipher

REPLAY_WINDOW = 300.0
"""Seconds that a delivery's timestamp may differ from our clock; Feishu gives up on an attempt long before."""
_SHA1_DIGITS = 40
"""Of the signature of card callbacks of the old generation."""


class SignatureError(ValueError):
    """A delivery is not authentic; the message says which check failed."""


class NotEncrypted(SignatureError):
    """The body is in plain text, although an encrypt key is configured."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A verified signature.

    Attributes:
        signature: covers timestamp, nonce and body.
        until: seconds since the epoch at which its timestamp stops being valid.
    """

    signature: str
    until: float


def sign(timestamp: str, nonce: str, encrypt_key: str, body: bytes) -> str:
    """Compute the ``X-Lark-Signature`` of a body."""
    return hashlib.sha256((timestamp + nonce + encrypt_key).encode() + body).hexdigest()


def check_signature(*, timestamp: str, nonce: str, signature: str, encrypt_key: str, body: bytes, now: float) -> Proof:
    """Verify a delivery's signature in constant time, and its age; ``now`` is in seconds since the epoch.

    Returns:
        The proof, by which a replay is recognised.

    Raises:
        SignatureError: a header is missing, the signature is wrong, or the timestamp is outside the window.
    """
    if not (timestamp and nonce and signature):
        raise SignatureError(
            "the X-Lark-Signature headers are missing, although an encrypt key is configured (for a challenge: is "
            "encrypt_key the one of the console?)"
        )
    if len(signature) == _SHA1_DIGITS:
        raise SignatureError(f"the signature is a SHA-1, so {OLD_CARD_ADVICE}")
    expected = sign(timestamp, nonce, encrypt_key, body)
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise SignatureError("the signature is wrong (is encrypt_key the one of the console?)")
    if not timestamp.isdecimal() or abs(now - int(timestamp)) > REPLAY_WINDOW:
        raise SignatureError(f"the timestamp is more than {REPLAY_WINDOW:g} s off (a replay, or a wrong clock here?)")
    return Proof(signature, int(timestamp) + REPLAY_WINDOW)


def check_token(received: object, expected: str) -> None:
    """Verify a verification token in constant time.

    Raises:
        SignatureError: it is missing or wrong.
    """
    if not isinstance(received, str) or not hmac.compare_digest(_bytes(received), _bytes(expected)):
        raise SignatureError("the verification token is wrong (is verification_token the one of the console?)")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # the token may contain a lone surrogate


def decrypt(encrypt_key: str, encrypted: str) -> bytes:
    """Decrypt the ``encrypt`` field of a body.

    Raises:
        SignatureError: it is not base64 of whole blocks, or the key does not fit.
    """
    try:
        data = base64.b64decode(encrypted, validate=True)
    except (binascii.Error, ValueError):
        raise SignatureError("the encrypted body is not base64") from None
    if len(data) < 2 * AESCipher.block_size or len(data) % AESCipher.block_size:
        raise SignatureError("the encrypted body is not made of whole AES blocks")
    try:
        return AESCipher(encrypt_key).decrypt(data)
    except ValueError:
        raise SignatureError("the body cannot be decrypted (is encrypt_key the one of the console?)") from None
