"""What stands at the bridge's end instead of the dispatcher: it keeps the deliveries."""

from collections.abc import Sequence

from nonebot_adapter_feishu_ws.intake.delivery import Delivery


class Collector:
    def __init__(self, taken: list[Delivery]) -> None:
        self.taken = taken
        self.lost: list[str] = []

    def take(self, delivery: Delivery) -> None:
        self.taken.append(delivery)

    def lose(self, keys: Sequence[str]) -> None:
        self.lost += keys
