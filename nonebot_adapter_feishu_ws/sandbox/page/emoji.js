// Feishu's reactions as the emoji that come closest; one without is shown by its name (表情文案说明).

const NAMES = {
  __proto__: null, // looked up by the name of any reaction
  THUMBSUP: "👍", ThumbsDown: "👎", OK: "👌", THANKS: "🙏", MUSCLE: "💪", FINGERHEART: "🫰", APPLAUSE: "👏", CLAP: "👏",
  FISTBUMP: "👊", JIAYI: "➕", DONE: "✅", SMILE: "😊", BLUSH: "😁", LAUGH: "😄", SMIRK: "😏", LOL: "😂", FACEPALM: "🤦",
  LOVE: "😍", WINK: "😉", PROUD: "😤", WITTY: "😜", SMART: "🤓", SCOWL: "😠", THINKING: "🤔", SOB: "😭", CRY: "😢",
  ERROR: "😖", HAUGHTY: "😒", SLAP: "🖐️", TOASTED: "🥵", DULL: "😐", JOYFUL: "🥳", WOW: "😮", YEAH: "✌️", TEARS: "🥲",
  EMBARRASSED: "😳", KISS: "😘", SMOOCH: "😚", DROOL: "🤤", OBSESSED: "🤩", MONEY: "🤑", TEASE: "😝", COMFORT: "🤗",
  PRAISE: "🙌", SHY: "☺️", SILENT: "🤐", WAVE: "👋", WHAT: "❓", FROWN: "🙁", DIZZY: "😵", WAIL: "😩", CRAZY: "🤪",
  HUG: "🤗", BLUBBER: "😭", WRONGED: "🥺", HUSKY: "🐶", SHHH: "🤫", SMUG: "😎", ANGRY: "😡", HAMMER: "🔨",
  SHOCKED: "😱", TERROR: "😨", SKULL: "💀", SWEAT: "😅", SPEECHLESS: "😑", SLEEP: "😴", DROWSY: "🥱", YAWN: "🥱",
  SICK: "🤒", PUKE: "🤮", HEADSET: "🎧", EatingFood: "🍜", Typing: "⌨️", Lemon: "🍋", LGTM: "👀", OnIt: "🫡",
  OneSecond: "⏳", VRHeadset: "🥽", YouAreTheBest: "🏅", SALUTE: "🫡", SHAKE: "🤝", HIGHFIVE: "🙏", BEAR: "🐻", BULL: "🐂",
  RAINBOWPUKE: "🌈", ROSE: "🌹", HEART: "❤️", PARTY: "🎉", LIPS: "👄", BEER: "🍺", CAKE: "🎂", GIFT: "🎁",
  CUCUMBER: "🥒", Drumstick: "🍗", Pepper: "🌶️", BubbleTea: "🧋", Coffee: "☕", Yes: "⭕", No: "🚫", CheckMark: "✔️",
  CrossMark: "❌", MinusOne: "➖", Hundred: "💯", Pin: "📌", Alarm: "⏰", Loudspeaker: "📢", Trophy: "🏆", Fire: "🔥",
  BOMB: "💣", Music: "🎵", XmasTree: "🎄", Snowman: "⛄", XmasHat: "🎅", FIREWORKS: "🎆", REDPACKET: "🧧", FORTUNE: "🀄",
  FIRECRACKER: "🧨", POOP: "💩", Soccer: "⚽", Basketball: "🏀", TV: "📺", Movie: "🎬", Pumpkin: "🎃",
};

/** What the picker offers. */
export const CHOICES = [
  "THUMBSUP", "OK", "DONE", "HEART", "LAUGH", "LOL", "SMILE", "THINKING", "CLAP", "PARTY", "Fire", "SOB", "ANGRY",
  "FACEPALM", "ThumbsDown", "JIAYI", "CheckMark", "CrossMark", "Coffee", "OneSecond", "Get", "LGTM", "OnIt", "WAVE",
];

export const emoji = name => NAMES[name] || `[${name}]`;
