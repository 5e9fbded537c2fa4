"""The one door to ``lark_oapi``, the official SDK.

Its import costs seconds and over 100 MB, so nothing here imports it before a plugin asks for it, and then in a
thread. A plugin's own ``import lark_oapi`` works before and after; Python imports a module once.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import time
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from ..exception import ApiNotAvailable

if TYPE_CHECKING:
    from lark_oapi import Client

_REQUIREMENT = "lark-oapi>=1.7.0,<2"


async def make_client(
    app_id: str, app_secret: SecretStr, origin: str, *, timeout: float, is_store: bool = False
) -> Client:
    """Import the SDK, if it is not yet, and build its client for one app.

    The SDK has no setting for a proxy: a bot behind one needs ``HTTPS_PROXY`` in the environment for this client.

    Args:
        origin: the platform's origin.
        timeout: seconds per call.
        is_store: it is a store app; each call then names its tenant (``RequestOption.tenant_key``).

    Raises:
        ApiNotAvailable: the SDK cannot be imported, or has changed its builder; the text says what to do.
    """
    try:
        lark: Any = await asyncio.to_thread(importlib.import_module, "lark_oapi")
        builder = lark.Client.builder().app_id(app_id).app_secret(app_secret.get_secret_value())
        if is_store:
            builder = builder.app_type(lark.AppType.ISV)
        return builder.domain(origin).timeout(timeout).build()
    except (ImportError, AttributeError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}"
        text = f"the official SDK cannot be used ({reason}); install a version that fits: pip install '{_REQUIREMENT}'"
        raise ApiNotAvailable(text) from error


def load_connection_module() -> ModuleType:
    """A copy of the SDK's ``ws/client.py`` for one bot; blocks for the seconds of the first import.

    The module keeps its event loop in a global, so two clients of one copy would share a loop that only one of them
    runs.

    Raises:
        ApiNotAvailable: the SDK cannot be imported; the text says what to do.
    """
    name = "lark_oapi.ws.client"
    try:
        importlib.import_module(name)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            raise ImportError(f"no module {name}")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except (ImportError, AttributeError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}"
        text = f"the official SDK cannot be used ({reason}); install a version that fits: pip install '{_REQUIREMENT}'"
        raise ApiNotAvailable(text) from error
    return module


def share_token(app_id: str, token: str, lifetime: float, tenant: str = "") -> None:
    """Give the SDK our tenant token, so that both sides use one.

    The SDK's token manager is synchronous and reads one process-wide cache by app id; our own provider is
    asynchronous. So each :meth:`Bot.get_lark` writes the current token into that cache; when it expires there, the
    SDK fetches it by itself, and Feishu gives it the same one.

    Args:
        lifetime: seconds for which the token is good.
        tenant: the tenant that a store app's token is for.
    """
    manager: Any = importlib.import_module("lark_oapi.core.token.manager").TokenManager
    key = f"isv_tenant_token:{app_id}:{tenant}" if tenant else f"self_tenant_token:{app_id}"
    manager.cache.set(key, token, int(time.time() + lifetime))
