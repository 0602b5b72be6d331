export default {
  template: `<button type="button" class="plain" @click="signOut">{{ text }}</button>`,
  props: { text: String, api: String, csrf: String, next: String },
  methods: {
    async signOut() {
      await fetch(this.api, { method: "DELETE", headers: { "X-CSRF-Token": this.csrf } })
        .catch(() => undefined);
      location.assign(this.next);
    },
  },
};
