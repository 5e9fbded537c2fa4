"""larkpy: requests to a hard-coded open.feishu.cn, through the sandbox's proxy."""

import sys

from larkpy import LarkMessage

_, app_id, secret, chat = sys.argv[1:]
answer = LarkMessage(app_id, secret).messages("heard hello", receive_id=chat)
assert answer["code"] == 0, answer
