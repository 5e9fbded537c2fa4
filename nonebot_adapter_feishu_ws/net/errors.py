"""Descriptions of network errors that name the cause, for REST and the long connection alike.

``pyreqwest`` raises ``ConnectError`` also for a request that was sent, when the connection then broke, and
``ConnectTimeoutError`` for an answer that did not come in time: only the chain of causes tells the phases apart.
"""

import socket
import ssl

from pyreqwest.exceptions import RequestError
from python_socks import ProxyError, ProxyTimeoutError

from ..exception import NetworkError

NEVER_SENT = "client error (Connect)"
"""The cause that stands in every error of a request that did not get a connection."""


def causes_of(error: BaseException) -> list[str]:
    """The chain of causes of an error of ``pyreqwest``, outermost first; empty for any other error."""
    causes = error.details.get("causes") if isinstance(error, RequestError) else None
    return [cause["message"] for cause in causes or ()]


def was_sent(error: BaseException) -> bool:
    """Whether a request that failed had a connection, so that it may have been carried out."""
    return NEVER_SENT not in causes_of(error)


def failure(error: BaseException, host: str, proxy: str | None, *, doing: str = "", advice: str = "") -> NetworkError:
    """The error that callers get for a request that failed on the way."""
    return NetworkError(f"{doing}{describe(error, host, proxy)}{advice}", sent=was_sent(error))


def describe(error: BaseException, host: str, proxy: str | None = None) -> str:
    """Describe a network error on the way to ``host``; never with a URL, since URLs may carry tickets."""
    causes = causes_of(error)
    if isinstance(error, (ProxyError, ProxyTimeoutError)):
        causes = [f"proxy: {error}"]
    if reason := next((cause for cause in causes if "proxy" in cause or "tunnel" in cause), None):
        return _describe_proxy(reason, causes[-1], host, proxy)
    if isinstance(error, TimeoutError):
        return f"{host} did not answer in time"
    if proxy is not None and _is_unreachable(error, causes):
        return f"the proxy cannot be reached ({_reason(error, causes)})"
    if isinstance(error, socket.gaierror) or "dns error" in causes:
        return f"the name {host} cannot be resolved (no network, or a DNS problem)"
    if isinstance(error, ssl.SSLError) or (NEVER_SENT in causes and "tcp connect error" not in causes):
        hint = "a wrong clock, or a proxy that inspects TLS? SSL_CERT_FILE names its certificates"
        return f"TLS with {host} failed ({_reason(error, causes)}): {hint}"
    if isinstance(error, ConnectionResetError) or _is_cut(causes):
        return f"{host} closed the connection without an answer"
    if isinstance(error, OSError) or "tcp connect error" in causes:
        return f"{host} refused the connection ({_reason(error, causes)})"
    return f"{host}: {causes[-1] if causes else type(error).__name__}"


def _describe_proxy(reason: str, last: str, host: str, proxy: str | None) -> str:
    if "failed to create" in reason or "failed to create" in last:
        detail = "" if "failed to create" in last else f" ({_strip(last)})"
        return f"the proxy cannot be reached{detail}"
    if proxy is not None and proxy.startswith("socks"):
        return f"the SOCKS proxy did not connect to {host} ({last.rpartition(': ')[2]})"
    status = "407" if "authorization required" in reason else reason.rpartition("status ")[2]
    return f"the proxy refused the connection to {host}" + (f" (HTTP {status})" if status.isdecimal() else "")


def _is_unreachable(error: BaseException, causes: list[str]) -> bool:
    if causes:
        return "tcp connect error" in causes or "dns error" in causes
    return isinstance(error, OSError) and not isinstance(error, (ssl.SSLError, ConnectionResetError))


def _is_cut(causes: list[str]) -> bool:
    return any("closed before" in cause or "reset" in cause or "end of file" in cause for cause in causes)


def _reason(error: BaseException, causes: list[str]) -> str:
    if causes:
        return _strip(causes[-1])
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__


def _strip(reason: str) -> str:
    return reason.partition(" (os error")[0]
