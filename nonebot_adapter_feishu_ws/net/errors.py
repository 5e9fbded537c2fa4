"""Descriptions of network errors that name the cause, for REST and the long connection alike."""

import asyncio
import ssl

import aiohttp


class SocksProxyFailed(aiohttp.ClientConnectionError):
    """A SOCKS proxy is unreachable, refused us, or could not reach the host."""


def describe(error: BaseException, host: str) -> str:
    """Describe a network error on the way to ``host``; never with a URL, since URLs may carry tickets."""
    kind = type(error).__name__
    if isinstance(error, SocksProxyFailed):
        return f"the SOCKS proxy did not connect to {host} ({error})"
    if isinstance(error, asyncio.TimeoutError):
        return f"{host} did not answer in time"
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return f"the proxy cannot be reached ({_cause(error.os_error)})"
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy refused the connection to {host} (HTTP {error.status})"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"the name {host} cannot be resolved (no network, or a DNS problem)"
    if isinstance(error, (aiohttp.ClientConnectorSSLError, aiohttp.ClientConnectorCertificateError, ssl.SSLError)):
        return f"TLS with {host} failed ({kind}: a proxy that inspects TLS, or a wrong clock?)"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{host} refused the connection ({_cause(error.os_error)})"
    if isinstance(error, (aiohttp.ServerDisconnectedError, ConnectionResetError)):
        return f"{host} closed the connection without an answer"
    return f"{host}: {kind}"


def _cause(error: OSError) -> str:
    return error.strerror or type(error).__name__
