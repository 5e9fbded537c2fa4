"""The one TLS context of all connections: each would hold its own copy of the system's certificates."""

import os
import ssl
from functools import lru_cache


def tls_context() -> ssl.SSLContext:
    """A context with the system's certificates, or those that ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` names now."""
    return _context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@lru_cache(4)
def _context(*_: str | None) -> ssl.SSLContext:
    return ssl.create_default_context()
