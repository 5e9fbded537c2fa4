// Satori's (Koishi's) Lark adapter.
import HTTP from "@cordisjs/plugin-http";
import Lark from "@satorijs/adapter-lark";
import { Context } from "@satorijs/core";
const [domain, appId, appSecret] = process.argv.slice(2);
const ctx = new Context();
ctx.plugin(HTTP);
ctx.plugin(Lark.LarkBot ?? Lark, { platform: "feishu", protocol: "ws", appId, appSecret, endpoint: `${domain}/open-apis` });
ctx.on("message", (session) => session.bot.sendMessage(session.channelId, `heard ${session.content}`));
await ctx.start?.();
