// The official Node SDK's own WSClient, unmodified: node client.js DOMAIN APP SECRET
const lark = require("@larksuiteoapi/node-sdk");
const [domain, appId, appSecret] = process.argv.slice(2);
const client = new lark.Client({ appId, appSecret, domain });

const eventDispatcher = new lark.EventDispatcher({}).register({
  "im.message.receive_v1": async (data) => {
    const text = JSON.parse(data.message.content).text;
    await client.im.v1.message.reply({
      path: { message_id: data.message.message_id },
      data: { msg_type: "text", content: JSON.stringify({ text: `node heard ${text}` }) },
    });
  },
});

new lark.WSClient({ appId, appSecret, domain, loggerLevel: lark.LoggerLevel.info }).start({ eventDispatcher });
