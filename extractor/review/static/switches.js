// Language and theme, and the messages of the page.
const YEAR_SECONDS = 31536000;
const THEMES = ["auto", "light", "dark"];
const WORDS = {
  auto: ["自动明暗", "System theme"], light: ["浅色", "Light"], dark: ["深色", "Dark"],
};
const CLOSE = ["关闭", "Dismiss"];

function keep(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR_SECONDS}; samesite=strict`;
}

export default {
  template: `
    <span class="switches">
      <button type="button" class="plain" @click="turn" :aria-label="label">{{ words[theme] }}</button>
      <button type="button" class="plain" :lang="english ? 'zh-CN' : 'en'" @click="translate">
        {{ english ? "中文" : "English" }}
      </button>
    </span>`,
  props: { english: Boolean, languageCookie: String, themeCookie: String },
  data: () => ({ theme: document.documentElement.dataset.theme ?? "auto" }),
  computed: {
    words() {
      return Object.fromEntries(THEMES.map((one) => [one, WORDS[one][this.english ? 1 : 0]]));
    },
    label() {
      return `${this.english ? "Theme" : "明暗"}: ${this.words[this.theme]}`;
    },
  },
  mounted() {
    window.tellMessage = (text, kind) => {
      const list = document.getElementById("messages");
      if ([...list.children].some((item) => item.firstChild.textContent === text)) return;
      const item = document.createElement("li");
      item.className = kind;
      item.append(Object.assign(document.createElement("span"), { textContent: text }));
      const close = Object.assign(document.createElement("button"), { textContent: "×" });
      close.setAttribute("aria-label", CLOSE[this.english ? 1 : 0]);
      close.onclick = () => item.remove();
      item.append(close);
      list.append(item);
      if (kind === "good") setTimeout(() => item.remove(), 6000);
    };
  },
  methods: {
    turn() {
      this.theme = THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length];
      if (this.theme === "auto") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = this.theme;
      keep(this.themeCookie, this.theme);
    },
    translate() {
      keep(this.languageCookie, this.english ? "zh" : "en");
      location.reload();
    },
  },
};
