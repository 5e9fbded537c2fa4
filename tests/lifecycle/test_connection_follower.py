"""Connection states that arrive while the adapter stops."""

import asyncio

from nonebot_adapter_feishu_ws.lifecycle.connection_follower import ConnectionFollower
from nonebot_adapter_feishu_ws.transport.status import ConnectionState, ConnectionStatus


class StopsMeanwhile(asyncio.SelectorEventLoop):
    """A loop whose adapter stops between two steps of the network thread."""

    follower: ConnectionFollower

    def is_closed(self) -> bool:
        self.follower.stop()
        return super().is_closed()


def test_a_state_published_while_the_follower_stops_is_no_error():
    loop = StopsMeanwhile()
    loop.follower = follower = ConnectionFollower()
    follower._loop = loop
    try:
        follower.publish(ConnectionStatus(bot_id="a", state=ConnectionState.DISCONNECTED))
    finally:
        loop.close()
