// The page's texts in English and Chinese, and which of them are shown.

const WORDS = {
  title: ["Feishu sandbox", "飞书沙箱"],
  hint: ["A local Feishu. Nothing here leaves this machine.", "本地的飞书，所有数据都不会离开本机。"],
  chats: ["Chats", "会话"],
  messages: ["Messages", "消息"],
  search: ["Search chats", "搜索会话"],
  noChat: ["No chat has this name.", "没有匹配的会话。"],
  you: ["You are", "当前身份"],
  newPerson: ["New person…", "新建人员…"],
  newGroup: ["New group", "新建群组"],
  groupName: ["Group name", "群名称"],
  members: ["Members", "成员"],
  bots: ["Bots", "机器人"],
  topics: ["Topic group: every message opens a topic", "话题群：每条消息都是一个话题"],
  create: ["Create", "创建"],
  save: ["Save", "保存"],
  cancel: ["Cancel", "取消"],
  close: ["Close", "关闭"],
  name: ["Name", "姓名"],
  role: ["Role or title", "职务"],
  back: ["Back to the chats", "返回会话列表"],
  backToChat: ["Back to the chat", "返回会话"],
  about: ["About this chat", "会话信息"],
  leave: ["Leave", "退出"],
  join: ["Join", "加入"],
  remove: ["Remove", "移除"],
  add: ["Add", "添加"],
  rename: ["Rename", "重命名"],
  menuOf: ["Menu of {}", "{} 的菜单"],
  menuKey: ["event_key of the menu entry", "菜单项的 event_key"],
  press: ["Click", "点击"],
  online: ["online", "在线"],
  offline: ["offline", "离线"],
  offlineLong: [
    "{} is not connected. What you write waits, and is delivered when it is back.",
    "{} 未连接。你发送的消息会保留，待其恢复连接后送达。",
  ],
  unread: ["New messages", "新消息"],
  offlineAll: [
    "{} are not connected. What you write waits, and is delivered when they are back.",
    "{} 未连接。你发送的消息会保留，待其恢复连接后送达。",
  ],
  empty: ["No messages yet. Say hello.", "还没有消息，打个招呼吧。"],
  noMember: ["{} is not in this chat.", "{} 不在该会话中。"],
  type: ["Type a message, such as /echo hi", "输入消息，例如 /echo 你好"],
  typeGroup: ["Type a message; @ mentions a bot", "输入消息，@ 可提及机器人"],
  typeTopic: ["Answer in this topic", "回复话题"],
  send: ["Send", "发送"],
  rich: ["Rich text (Markdown)", "富文本（Markdown）"],
  attach: ["Send images or files", "发送图片或文件"],
  dropHere: ["Drop to send", "松开即可发送"],
  tooLarge: ["{} is over 30 MB.", "{} 超过 30 MB。"],
  replyTo: ["Reply to {}", "回复 {}"],
  editing: ["Edit message", "编辑消息"],
  mentionAll: ["Everybody", "所有人"],
  reply: ["Reply", "回复"],
  topicTitle: ["Topic", "话题"],
  topic: ["Answer in a topic", "回复话题"],
  openTopic: ["Answers in this topic: {}", "话题中有 {} 条回复"],
  react: ["Add a reaction", "添加表情回复"],
  recall: ["Recall", "撤回"],
  edit: ["Edit", "编辑"],
  copy: ["Copy text", "复制文本"],
  copied: ["Copied", "已复制"],
  inspect: ["Show what happened", "查看处理过程"],
  more: ["Actions of this message", "消息操作"],
  gone: ["This message was recalled.", "消息已撤回。"],
  goneShort: ["recalled message", "已撤回的消息"],
  edited: ["edited", "已编辑"],
  readBy: ["Read by {}", "{} 已读"],
  everybody: ["all", "所有人"],
  somebody: ["somebody", "某人"],
  needed: ["Please fill in every required field.", "有必填项未填写。"],
  none: ["Please choose", "请选择"],
  sure: ["Are you sure?", "确定吗？"],
  yes: ["OK", "确定"],
  chart: ["Chart: {}. The sandbox does not draw it.", "图表：{}。沙箱不绘制图表。"],
  voice: ["Voice: {}", "语音：{}"],
  broken: ["This message has an unexpected shape; the inspector shows its JSON.", "消息格式异常，无法显示；可在检查器中查看 JSON。"],
  unknown: ["The sandbox does not show “{}”.", "沙箱暂不支持显示“{}”。"],
  emptyCard: ["Card without content", "空卡片"],
  card: ["[Card]", "[卡片]"],
  image: ["Image", "图片"],
  download: ["Download", "下载"],
  lost: [
    "The sandbox has stopped. Start it again; what you are typing stays here.",
    "沙箱已停止运行。请重新启动，正在输入的内容会保留。",
  ],
  failed: ["This did not work: {}", "操作失败：{}"],
  language: ["中文", "English"],
  theme: ["Light or dark", "切换深浅色"],
  inspector: ["Inspector", "检查器"],
  plugins: ["What the plugins did", "插件处理情况"],
  plugin: ["Plugins", "插件"],
  event: ["Events", "事件"],
  rest: ["API calls", "接口调用"],
  click: ["Clicks", "点击"],
  frame: ["Frames", "帧"],
  unknownEvent: ["event without a type", "无类型事件"],
  cardClick: ["Click on a card", "点击卡片"],
  noMatcher: ["no matcher", "无响应器"],
  raised: ["exception", "抛出异常"],
  silent: ["no answer", "未回复"],
  silentLong: ["No answer: {}", "机器人未回复：{}"],
  sent: ["sent {}", "发送 {} 条"],
  request: ["Request", "请求"],
  answer: ["Answer", "响应"],
  faults: ["Faults", "故障"],
  filter: ["Filter", "筛选"],
  nothingYet: ["Nothing yet.", "暂无记录。"],
  sendAgain: ["Send again", "再次推送"],
  editSend: ["Edit and send", "编辑后推送"],
  copyTest: ["Copy as test", "复制为测试"],
  copyJson: ["Copy JSON", "复制 JSON"],
  notJson: ["This is not JSON: {}", "不是合法的 JSON：{}"],
  acked: ["acked in {} ms", "{} ms 内确认"],
  attempts: ["attempts: {}", "已推送 {} 次"],
  retries: ["call {} with this uuid", "该 uuid 的第 {} 次调用"],
  faultFor: ["For", "对象"],
  start: ["Start", "开始"],
  running: ["Active faults", "进行中的故障"],
  noFaults: ["None.", "无。"],
  stopAll: ["Stop all faults", "停止所有故障"],
  drop: ["Cut the connection", "断开连接"],
  half_open: ["Half-open: the server falls silent", "半开连接：服务端不再响应"],
  slow_acks: ["Acks arrive late", "确认延迟"],
  duplicates: ["Each event comes several times", "事件重复推送"],
  rate_limit: ["Rate limit (99991400)", "触发频控（99991400）"],
  bad_dns: ["The name does not resolve", "域名无法解析"],
  bad_tls: ["TLS fails", "TLS 握手失败"],
  expire_tokens: ["Tokens expire", "token 过期"],
  refuse: ["Refuse calls with a code", "接口返回错误码"],
};

const KINDS = {
  __proto__: null, // looked up by the type of any message
  file: ["File", "文件"],
  folder: ["Folder", "文件夹"],
  audio: ["Voice message", "语音"],
  media: ["Video", "视频"],
  sticker: ["Sticker", "表情包"],
  image: ["Image", "图片"],
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

const LANGUAGE = "feishu-sandbox-language";
const wanted = localStorage.getItem(LANGUAGE) || navigator.language || "en";
export const chinese = wanted.toLowerCase().startsWith("zh");
export const locale = chinese ? "zh-CN" : "en";

/** A text in the page's language; each {} is replaced by the next value. */
export function t(name, ...values) {
  return WORDS[name][+chinese].replace(/{}/g, () => values.shift() ?? "");
}

t.has = name => Object.hasOwn(WORDS, name);

/** The name of a message type. */
export const kindName = type => KINDS[type]?.[+chinese] || type;

/** Change to the other language; the page starts anew, with what was typed. */
export function changeLanguage() {
  localStorage.setItem(LANGUAGE, chinese ? "en" : "zh");
  location.reload();
}

/** Fill in the texts that the document marks with data-t, data-label and data-hint. */
export function translateDocument() {
  document.documentElement.lang = locale;
  document.title = t("title");
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", t(element.dataset.label));
    element.title = t(element.dataset.label);
  }
  for (const element of document.querySelectorAll("[data-hint]")) element.placeholder = t(element.dataset.hint);
}
