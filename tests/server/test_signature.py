"""Proofs of the webhook, pure. The encrypted sample is the one of Feishu's document on the encrypt key."""

import base64
import hashlib
import os

import pytest
from Crypto.Cipher import AES
from hypothesis import given
from hypothesis import strategies as st

from nonebot_adapter_feishu_ws.server.signature import (
    SignatureError,
    check_signature,
    check_token,
    decrypt,
    sign,
)


def encrypt(key: str, plain: bytes) -> str:
    padding = 16 - len(plain) % 16
    iv = os.urandom(16)
    cipher = AES.new(hashlib.sha256(key.encode()).digest(), AES.MODE_CBC, iv)
    return base64.b64encode(iv + cipher.encrypt(plain + bytes([padding]) * padding)).decode()


def test_the_documents_sample_decrypts():
    assert decrypt("test key", "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=") == b"hello world"


@given(st.binary(max_size=200), st.text(min_size=1, max_size=40))
def test_what_is_encrypted_can_be_decrypted(plain: bytes, key: str):
    assert decrypt(key, encrypt(key, plain)) == plain


@pytest.mark.parametrize("body", ["***", "", "QUJD", base64.b64encode(b"x" * 40).decode()])
def test_what_does_not_decrypt_says_so(body: str):
    with pytest.raises(SignatureError):
        decrypt("key", body)


def test_another_key_does_not_decrypt():
    # One in 256 wrong keys gives a valid padding by chance; three in a row do not.
    wrong = 0
    for number in range(3):
        try:
            wrong += decrypt("key", encrypt(f"other {number}", b"hi")) == b"hi"
        except SignatureError:
            continue
    assert wrong == 0


def check(**changes):
    values = {"timestamp": "1000", "nonce": "n", "encrypt_key": "k", "body": b"{}", "now": 1000.0}
    values["signature"] = sign("1000", "n", "k", b"{}")
    check_signature(**{**values, **changes})


def test_a_fresh_and_right_signature_passes():
    check()
    check(now=1299.0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"signature": ""}, "missing"),
        ({"signature": "0" * 64}, "wrong"),
        ({"signature": "ä"}, "wrong"),
        ({"body": b"{ }"}, "wrong"),
        ({"nonce": "other"}, "wrong"),
        ({"now": 1301.0}, "off"),
        ({"now": 600.0}, "off"),
    ],
)
def test_a_wrong_or_old_signature_is_refused(changes, reason):
    with pytest.raises(SignatureError, match=reason):
        check(**changes)


def test_a_timestamp_that_is_no_number_is_refused_even_when_signed():
    with pytest.raises(SignatureError, match="off"):
        check(timestamp="soon", signature=sign("soon", "n", "k", b"{}"))


@pytest.mark.parametrize("received", [None, 5, "", "wrong", "ä", "\ud83d", "righ\udc74"])
def test_a_wrong_token_is_refused(received):
    with pytest.raises(SignatureError):
        check_token(received, "right")


def test_the_right_token_passes():
    check_token("right", "right")
