"""Composition root and lifecycle: puts the parts together, starts them, stops them. Nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

from nonebot.adapters import Adapter as BaseAdapter
from nonebot.adapters import Bot as BaseBot
from nonebot.drivers import URL, ASGIMixin, Driver, HTTPServerSetup
from typing_extensions import override

from .api import ApiClient
from .bot import Bot, SendHandler
from .config import BotConfig, Config, load_config, warnings
from .dispatch import Dispatcher
from .event import Event, EventRegistry
from .exception import ConfigError
from .intake import Delivery, HandOff, Intake
from .log import OncePer, escape, log
from .registrar import Registrar
from .store import MemoryStore, Store
from .transport.connection import ConnectionStatus, Envelope, Receipt, Timing
from .transport.long_connection import LongConnection
from .transport.manager import ConnectionManager
from .transport.network import NetworkThread
from .transport.supervisor import ReconnectPolicy
from .transport.webhook import WebhookRoute, WebhookSecrets

if TYPE_CHECKING:
    from .sandbox import SandboxThread

DRAIN_TIMEOUT = 10.0
"""Seconds that running handlers get at shutdown."""
