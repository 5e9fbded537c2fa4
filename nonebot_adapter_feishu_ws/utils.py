"""The helpers that plugins import from the existing NoneBot Feishu adapter's ``utils``: log, files, decryption."""

import base64
import hashlib
from io import BytesIO
from pathlib import Path

from .logs import plugin_log as log

__all__ = ["AESCipher", "f2b", "log"]


def f2b(file: str | bytes | BytesIO | Path) -> bytes:
    """The bytes of a file, which is read at once, blocking; the bot's own methods take paths and stream them.

    Args:
        file: bytes, a ``BytesIO``, or a path, also as text.

    Raises:
        OSError: the file cannot be read.
    """
    if isinstance(file, bytes):
        return file
    return file.getvalue() if isinstance(file, BytesIO) else Path(file).read_bytes()


class AESCipher:
    """Decryption of webhook bodies (Encrypt Key 加密策略): AES-256-CBC, ``sha256(key)`` as the key, PKCS#7 padding."""

    block_size: int = 16

    def __init__(self, key: str | bytes) -> None:
        """Take the app's Encrypt Key."""
        self.key: bytes = hashlib.sha256(self.str_to_bytes(key)).digest()

    @staticmethod
    def str_to_bytes(data: str | bytes) -> bytes:
        """A text in UTF-8; bytes as they are."""
        return data.encode() if isinstance(data, str) else data

    def decrypt(self, enc: bytes) -> bytes:
        """Decrypt bytes, whose first block is the IV.

        Raises:
            ValueError: they are not made of whole blocks, or the key does not fit.
        """
        from Crypto.Cipher import AES  # needed by the webhook alone, so not imported at start
        from Crypto.Util.Padding import unpad

        iv, blocks = enc[: self.block_size], enc[self.block_size :]
        cipher = AES.new(self.key, AES.MODE_CBC, iv)  # pyright: ignore[reportUnknownMemberType]
        return unpad(cipher.decrypt(blocks), self.block_size)

    def decrypt_string(self, enc: str | bytes) -> str:
        """Decrypt the ``encrypt`` field of a body: base64 in, text out.

        Raises:
            ValueError: it is not base64 of whole blocks, or the key does not fit.
        """
        return self.decrypt(base64.b64decode(enc)).decode()
