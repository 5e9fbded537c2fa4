"""The connector for SOCKS proxies; needs the extra ``socks``, and is imported only by a bot behind such a proxy."""

import asyncio
from typing import Any

from aiohttp.client_proto import ResponseHandler
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError
from typing_extensions import override

from .errors import SocksProxyFailed


class SocksConnector(ProxyConnector):
    """Raises proxy errors as aiohttp's kind of error, as all other connectors do."""

    @override
    async def _wrap_create_connection(self, *args: Any, **kwargs: Any) -> tuple[asyncio.Transport, ResponseHandler]:
        try:
            return await super()._wrap_create_connection(*args, **kwargs)  # pyright: ignore[reportUnknownMemberType]
        except (ProxyConnectionError, ProxyTimeoutError, ProxyError) as error:
            raise SocksProxyFailed(str(error)) from error
