"""Network errors, and descriptions of them that name the cause, for REST and the long connection alike."""

import os
import socket
import ssl
from collections.abc import Mapping

from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError

from ..exception import NetworkError
from .tls import explain_tls


def proxy_variables(environ: Mapping[str, str]) -> list[str]:
    """The variables of an environment that name a proxy for other programs; no bot uses them."""
    return [name for name, value in environ.items() if value and name.upper() in ("HTTPS_PROXY", "ALL_PROXY")]


class NotConnected(OSError):
    """No connection was made, so nothing was sent; its cause says why."""


class Cut(ConnectionResetError):
    """The other side closed the connection without an answer."""


class BrokenAnswer(OSError):
    """What came is no HTTP."""


def failure(error: BaseException, host: str, proxy: str | None, *, doing: str = "", advice: str = "") -> NetworkError:
    """The error that callers get for a request that failed on the way."""
    text = f"{doing}{describe(error, host, proxy)}{advice}"
    return NetworkError(text, sent=not isinstance(error, NotConnected))


def describe(error: BaseException, host: str, proxy: str | None = None) -> str:
    """Describe a network error on the way to ``host``; never with a URL, since URLs may carry tickets."""
    if isinstance(error, NotConnected) and error.__cause__ is not None:
        error = error.__cause__
        if proxy is None and isinstance(error, ConnectionError) and not isinstance(error, ConnectionRefusedError):
            error = ssl.SSLEOFError(str(error))  # after TCP there is only the handshake of TLS
    text = _describe(error, host, proxy)
    unused = proxy_variables(os.environ)
    if unused and proxy is None and not isinstance(error, (ssl.SSLError, BrokenAnswer)):
        text += f' ({unused[0]} is set, but not used: a proxy is the key "proxy" of the bot\'s entry)'
    return text


def _describe(error: BaseException, host: str, proxy: str | None) -> str:
    if isinstance(error, ProxyError):
        return _describe_refusal(error, host, proxy)
    if isinstance(error, ssl.SSLError):
        return f"TLS with {host} failed {explain_tls(error)}"
    if isinstance(error, BrokenAnswer):
        return f"{host} answered with what is no HTTP ({error})"
    if isinstance(error, ConnectionResetError):
        return f"{host} closed the connection without an answer"
    if isinstance(error, (ProxyConnectionError, ProxyTimeoutError)):
        return f"the proxy cannot be reached ({_reason(error)})"
    if isinstance(error, TimeoutError):
        return f"{host} did not answer in time"
    if proxy is not None and isinstance(error, OSError):
        return f"the proxy cannot be reached ({_reason(error)})"
    if isinstance(error, socket.gaierror):
        return f"the name {host} cannot be resolved (no network, or a DNS problem)"
    if isinstance(error, OSError):
        return f"{host} refused the connection ({_reason(error)})"
    return f"{host}: {type(error).__name__}"


def root_of(error: BaseException) -> BaseException:
    """The system's error inside those in which other libraries wrap it; the error itself if there is none."""
    found, waiting = error, [error]
    for _ in range(20):
        if not waiting:
            break
        it = waiting.pop(0)
        if isinstance(it, OSError) and type(it).__module__ in ("builtins", "ssl", "socket", "http.client"):
            found = it
        inner = (it.__cause__, it.__context__, getattr(it, "reason", None), *it.args)
        waiting += [each for each in inner if isinstance(each, BaseException)]
    return found


def _describe_refusal(error: ProxyError, host: str, proxy: str | None) -> str:
    if proxy is not None and proxy.startswith("socks"):
        return f"the SOCKS proxy did not connect to {host} ({error})"
    digits = next((word for word in str(error).split() if word.isdecimal() and len(word) == 3), "")
    return f"the proxy refused the connection to {host}" + (f" (HTTP {digits})" if digits else f" ({error})")


def _reason(error: BaseException) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
