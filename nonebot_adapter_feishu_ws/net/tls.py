"""The one TLS context of all connections, which certificates it trusts, and what to do when one is not trusted."""

import os
import re
import ssl
from functools import lru_cache
from pathlib import Path
from typing import Final

_OTHER_NAME: Final = frozenset({62, 63, 64})
_OUT_OF_TIME: Final = frozenset({9, 10})
_UNKNOWN_AUTHORITY: Final = frozenset({2, 18, 19, 20, 21})
"""OpenSSL's X509_V_ERR_*: no certificate above this one is trusted."""
_REFUSED: Final = re.compile(
    "ALERT|UNRECOGNIZED_NAME|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS|VERSION_TOO_LOW|DH_KEY_TOO_SMALL"
)
"""OpenSSL's reasons for a handshake on which the two sides do not agree."""
_FOREIGN: Final = (
    "who signed its certificate is not trusted here. If your company inspects TLS, ask for the certificate of its "
    "authority, put it into a .pem file behind those that the machine trusts, and set SSL_CERT_FILE to that file"
)


def tls_context() -> ssl.SSLContext:
    """A context with the system's certificates, or those that ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` names now.

    A machine without any uses those of ``certifi``. It is shared, as each copy would hold all the certificates.
    """
    return _context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


def ca_bundle() -> str | None:
    """The same certificates for the SDK's own clients: a file or folder; None for those of ``certifi``."""
    paths = ssl.get_default_verify_paths()  # without those that do not exist
    return paths.cafile or (paths.capath if "SSL_CERT_DIR" in os.environ else None)


def explain_tls(error: ssl.SSLError) -> str:
    """What an error of TLS means and what to do, in OpenSSL's words and ours."""
    code = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else 0
    library_reason = getattr(error, "reason", None)  # Python's own errors have none
    reason = getattr(error, "verify_message", "") or library_reason or str(error)
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return (
            "(it was closed in the handshake, without a word): a firewall or proxy in between lets nobody through to "
            "this host, or wants a certificate of yours"
        )
    if code in _OTHER_NAME:
        advice = "the certificate is that of another host. Check the bot's domain, and whether a login page or a proxy"
        advice += " of this network answers in its place"
    elif code in _OUT_OF_TIME:
        advice = "check this machine's clock; if it is right, a proxy in between shows an old certificate"
    elif code in _UNKNOWN_AUTHORITY:
        advice = _missing() or _FOREIGN
    elif library_reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST"):
        advice = "what answers there speaks no TLS: check the domain, and a proxy in between"
    elif code:
        advice = "who signed its certificate is trusted here, but OpenSSL refuses how it is made. Ask whoever runs the "
        advice += (
            "server, or the proxy that inspects TLS, for one that keeps the rules, of which Python 3.13 checks more"
        )
    elif _REFUSED.search(library_reason or ""):
        advice = (
            "the other side refuses how this machine speaks TLS: it knows only old versions or ciphers, or wants a "
        )
        advice += "certificate of yours. Ask whoever runs the server, or the proxy in between"
    else:
        advice = _missing() or "a proxy that inspects TLS? SSL_CERT_FILE names its certificates"
    return f"({reason.rstrip('.')}): {advice}"


def _missing() -> str | None:
    """Why certificates that should be trusted are not even read; None if they are."""
    if file := os.environ.get("SSL_CERT_FILE"):
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
        except OSError as error:
            why = f"cannot be read ({error.strerror})"
            if isinstance(error, (FileNotFoundError, ssl.SSLError)):
                why = "is no PEM file with certificates" if isinstance(error, ssl.SSLError) else "does not exist"
            return f"SSL_CERT_FILE names {file}, which {why}. Correct it, or remove it, then restart"
    if _has_certificates(tls_context()):
        return None
    if folder := os.environ.get("SSL_CERT_DIR"):
        return f"SSL_CERT_DIR names {folder}, in which no certificate is. Correct it, or remove it, then restart"
    return "no CA certificates are on this machine: install ca-certificates, or pip install certifi, then restart"


def _has_certificates(context: ssl.SSLContext) -> bool:
    folder = ssl.get_default_verify_paths().capath  # whose files are read when they are needed
    return context.cert_store_stats()["x509"] > 0 or (bool(folder) and any(Path(folder).iterdir()))


@lru_cache(4)
def _context(*named: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not any(named) and not _has_certificates(context):
        try:
            from certifi import where  # only where it is needed
        except ImportError:
            return context  # the error of the first connection says so
        context.load_verify_locations(where())
    return context
