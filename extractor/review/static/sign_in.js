// The key goes to the service once; what comes back is a cookie that scripts cannot read.
export default {
  template: `
    <form class="sign-in" @submit.prevent="signIn">
      <label for="key">{{ words.key }}</label>
      <input id="key" v-model="key" type="password" autocomplete="current-password" required
             autofocus spellcheck="false" :aria-describedby="problem ? 'problem' : 'where'">
      <p id="problem" class="problem" role="alert" v-show="problem">{{ problem }}</p>
      <button class="main" :disabled="busy">{{ busy ? words.busy : words.signIn }}</button>
      <p id="where" class="hint">{{ words.where }}</p>
    </form>`,
  props: { api: String, next: String, words: Object },
  data: () => ({ key: "", problem: "", busy: false }),
  methods: {
    async signIn() {
      this.busy = true;
      this.problem = "";
      try {
        const answer = await fetch(this.api, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ key: this.key.trim() }),
        });
        if (answer.ok) {
          location.assign(this.next);
          return;
        }
        const { code, detail } = await answer.json().catch(() => ({}));
        this.problem = code === "unauthorized" ? this.words.wrong
          : code === "too_many_requests" ? this.words.tooMany : detail || this.words.failed;
      } catch {
        this.problem = this.words.lost;
      }
      this.busy = false;
    },
  },
};
