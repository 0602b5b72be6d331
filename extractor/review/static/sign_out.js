// A session that was begun meanwhile, on another page, has another token, and is the one to end.
export default {
  template: `<button type="button" class="plain" :disabled="busy" @click="signOut">{{ words.signOut }}</button>`,
  props: { words: Object, api: String, csrf: String, next: String },
  data: () => ({ busy: false }),
  methods: {
    async signOut() {
      this.busy = true;
      const status = await this.end().catch(() => 0);
      // 401: it has ended already.
      if (status === 204 || status === 401) location.assign(this.next);
      else window.tellMessage(this.words.failed, "bad");
      this.busy = false;
    },
    async end() {
      const ended = await this.remove(this.csrf);
      if (ended !== 403) return ended;
      const answer = await fetch(this.api);
      return answer.ok ? this.remove((await answer.json()).csrf_token) : answer.status;
    },
    async remove(token) {
      const headers = { "X-CSRF-Token": token };
      return (await fetch(this.api, { method: "DELETE", headers })).status;
    },
  },
};
