// The page's texts, in English and Chinese, and which of them this browser reads.

const WORDS = {
  en: {
    title: "Feishu sandbox",
    hint: "A local Feishu. Nothing here leaves this machine.",
    send: "Send",
    at: "@ bot",
    type: "Type a message, such as /echo hi",
    online: "online",
    offline: "offline: the bot is not connected",
    empty: "No messages yet. Say hello.",
    group: "group",
    gone: "This message was recalled",
    lost: "The sandbox has stopped",
    needed: "Please fill in every required field",
    none: "Please choose",
    everybody: "all",
  },
  zh: {
    title: "飞书沙箱",
    hint: "本地模拟的飞书，消息不会离开这台电脑。",
    send: "发送",
    at: "@ 机器人",
    type: "输入消息，例如 /echo 你好",
    online: "在线",
    offline: "离线：机器人没有连接",
    empty: "还没有消息，打个招呼吧。",
    group: "群聊",
    gone: "消息已撤回",
    lost: "沙箱已停止",
    needed: "有必填项未填写",
    none: "请选择",
    everybody: "所有人",
  },
};

const KINDS = {
  file: ["File", "文件"],
  folder: ["Folder", "文件夹"],
  audio: ["Voice message", "语音"],
  media: ["Video", "视频"],
  sticker: ["Sticker", "表情包"],
  share_chat: ["Group", "群名片"],
  share_user: ["Business card", "个人名片"],
  location: ["Location", "位置"],
  todo: ["Task", "任务"],
  vote: ["Vote", "投票"],
  merge_forward: ["Merged forward", "合并转发"],
  system: ["System message", "系统消息"],
  video_chat: ["Video meeting", "视频会议"],
  hongbao: ["Red packet", "红包"],
  calendar: ["Event", "日程"],
  share_calendar_event: ["Event", "日程"],
  general_calendar: ["Event", "日程"],
};

export const chinese = (navigator.language || "en").toLowerCase().startsWith("zh");
export const t = WORDS[chinese ? "zh" : "en"];

/** The name of a message type. */
export const kindName = type => KINDS[type]?.[chinese ? 1 : 0] || type;

/** Fill in the texts that the document marks with data-t. */
export function translateDocument() {
  document.documentElement.lang = chinese ? "zh" : "en";
  document.title = t.title;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t[element.dataset.t];
  document.getElementById("text").placeholder = t.type;
}
