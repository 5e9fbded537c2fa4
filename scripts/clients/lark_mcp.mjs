// lark-mcp over stdio: a tool call sends a message.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
const [domain, appId, secret, chat] = process.argv.slice(2);
const child = spawn("node", [
  ...["node_modules/@larksuiteoapi/lark-mcp/dist/cli.js", "mcp", "-a", appId, "-s", secret, "-d", domain],
  ...["-t", "im.v1.message.create", "--token-mode", "tenant_access_token"],
], { stdio: ["pipe", "pipe", "inherit"] });
const send = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const clientInfo = { name: "flow", version: "1" };
send({ id: 1, method: "initialize", params: { protocolVersion: "2024-11-05", capabilities: {}, clientInfo } });
for await (const line of createInterface({ input: child.stdout })) {
  const { id, result, error } = JSON.parse(line);
  if (id === 1) {
    send({ method: "notifications/initialized" });
    const data = { receive_id: chat, msg_type: "text", content: JSON.stringify({ text: "heard hello" }) };
    const call = { name: "im_v1_message_create", arguments: { data, params: { receive_id_type: "chat_id" } } };
    send({ id: 2, method: "tools/call", params: call });
  } else if (id === 2) {
    console.log(JSON.stringify(result ?? error));
    child.kill();
    process.exit(error || result.isError ? 1 : 0);
  }
}
