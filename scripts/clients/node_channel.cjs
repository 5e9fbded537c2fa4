// The Node SDK's createLarkChannel.
const lark = require("@larksuiteoapi/node-sdk");
const [url, appId, appSecret] = process.argv.slice(2);
const proxy = process.env.HTTPS_PROXY;
const domain = proxy ? undefined : url;
const agent = proxy && new (require("https-proxy-agent").HttpsProxyAgent)(proxy);
const channel = lark.createLarkChannel({ appId, appSecret, domain, agent });
channel.on("message", (message) =>
  channel.send(message.chatId, { text: `heard ${message.content}` }, { replyTo: message.messageId }),
);
channel.connect();
