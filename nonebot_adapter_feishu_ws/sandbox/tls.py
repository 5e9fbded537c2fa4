"""Certificates for Feishu's names, from an authority that is made once and kept in the user's data folder.

For clients whose host is hard-coded. ``trustme`` makes them; it is imported only here, with ``--tls``.
"""

import os
import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .connect_proxy import NAMES
from .guard import SandboxError

VALIDITY = timedelta(days=30)
"""Of the certificates for the names: they are made at each start."""


def data_folder() -> Path:
    """Where programs keep a user's data on this system, with a folder for this package."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "nonebot-adapter-feishu-ws"


def server_context(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """What a server needs to pass as Feishu, to clients that trust the sandbox's authority.

    Args:
        folder: holds the authority; it is made there once.

    Returns:
        The context, and the file with the authority's certificate for clients.

    Raises:
        SandboxError: ``trustme`` is not installed, or the folder cannot be used.
    """
    try:
        import trustme
    except ImportError as error:
        raise SandboxError(
            f'--tls makes certificates with trustme, which cannot be imported ({error}). Install it: pip install "'
            'nonebot-adapter-feishu-ws[tls]"'
        ) from None
    certificate, key = folder / "sandbox-ca.pem", folder / "sandbox-ca.key"
    try:
        if not (certificate.is_file() and key.is_file()):
            made = trustme.CA(organization_name="Feishu sandbox of nonebot-adapter-feishu-ws")
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # The key signs for any name, so nobody else may read it, at no time.
            key.unlink(missing_ok=True)
            with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(made.private_key_pem.bytes())
            certificate.write_bytes(made.cert_pem.bytes())
        authority = trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
    except (OSError, ValueError) as error:
        raise SandboxError(
            f"the sandbox's authority in {folder} cannot be used ({error}). Delete the folder, and it is made anew; "
            "clients then need the new certificate"
        ) from error
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued = authority.issue_cert(*sorted(NAMES), "localhost", "127.0.0.1", not_after=datetime.now(UTC) + VALIDITY)
    issued.configure_cert(context)  # pyright: ignore[reportUnknownMemberType] - of pyOpenSSL, which is not installed
    return context, certificate
