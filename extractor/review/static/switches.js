// Language and theme, and the messages of the page. Runs before anything is drawn.
{
  const YEAR_SECONDS = 31536000;
  const THEMES = ["auto", "light", "dark"];
  const MESSAGE_SECONDS = 6;
  const root = document.documentElement;
  const { languageCookie, themeCookie } = document.currentScript.dataset;
  const kept = Object.fromEntries(document.cookie.split("; ").map((pair) => pair.split("=")));

  root.lang = kept[languageCookie] === "en" ? "en" : "zh-CN";
  if (THEMES.slice(1).includes(kept[themeCookie])) root.dataset.theme = kept[themeCookie];

  const keep = (name, value) => {
    document.cookie = `${name}=${value}; path=/; max-age=${YEAR_SECONDS}; samesite=strict`;
  };
  const turn = {
    theme() {
      const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? "auto") + 1) % THEMES.length];
      if (next === "auto") delete root.dataset.theme;
      else root.dataset.theme = next;
      keep(themeCookie, next);
    },
    language() {
      keep(languageCookie, root.lang === "en" ? "zh" : "en");
      location.reload();
    },
  };
  document.addEventListener("click", (event) => {
    turn[event.target.closest?.("[data-switch]")?.dataset.switch]?.();
  });

  window.tellMessage = (text, kind) => {
    const list = document.getElementById("messages");
    if ([...list.children].some((item) => item.firstChild.textContent === text)) return;
    const item = document.createElement("li");
    item.className = kind;
    item.append(Object.assign(document.createElement("span"), { textContent: text }));
    const close = Object.assign(document.createElement("button"), { textContent: "×" });
    close.setAttribute("aria-label", root.lang === "en" ? "Dismiss" : "关闭");
    close.onclick = () => item.remove();
    item.append(close);
    list.append(item);
    if (kind === "good") setTimeout(() => item.remove(), 1000 * MESSAGE_SECONDS);
  };
}
