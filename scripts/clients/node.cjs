// The Node SDK's WSClient and Client.
const lark = require("@larksuiteoapi/node-sdk");
const [url, appId, appSecret] = process.argv.slice(2);
const proxy = process.env.HTTPS_PROXY;
const domain = proxy ? undefined : url;
const agent = proxy && new (require("https-proxy-agent").HttpsProxyAgent)(proxy);
const client = new lark.Client({ appId, appSecret, domain });

const eventDispatcher = new lark.EventDispatcher({}).register({
  "im.message.receive_v1": async ({ message }) => {
    await client.im.v1.message.reply({
      path: { message_id: message.message_id },
      data: { msg_type: "text", content: JSON.stringify({ text: `heard ${JSON.parse(message.content).text}` }) },
    });
  },
});

new lark.WSClient({ appId, appSecret, domain, agent }).start({ eventDispatcher });
