// A form for a new key. The key is shown until it is put away, and kept nowhere.
export default {
  template: `
    <div class="new-key">
      <form v-if="!made" class="filters" @submit.prevent="make">
        <p>
          <label for="key-name">{{ words.name }}</label>
          <input id="key-name" v-model.trim="name" required maxlength="100" autocomplete="off"
                 :placeholder="words.example">
        </p>
        <p>
          <label for="key-role">{{ words.role }}</label>
          <select id="key-role" v-model="role">
            <option v-for="[value, text] in words.roles" :key="value" :value="value">{{ text }}</option>
          </select>
        </p>
        <p><button class="main" :disabled="busy">{{ words.make }}</button></p>
      </form>
      <div v-else class="made" role="alert">
        <p><strong>{{ words.once }}</strong></p>
        <p class="actions">
          <label class="sr-only" for="made-key">{{ words.key }}</label>
          <input id="made-key" ref="key" class="key" readonly :value="made" @focus="$event.target.select()">
          <button type="button" class="main" @click="copy">{{ copied ? words.copied : words.copy }}</button>
          <button type="button" @click="putAway">{{ words.done }}</button>
        </p>
      </div>
    </div>`,
  props: { words: Object },
  emits: ["make"],
  data: () => ({ name: "", role: "reviewer", busy: false, made: "", copied: false }),
  methods: {
    make() {
      this.busy = true;
      this.$emit("make", { name: this.name, role: this.role });
    },
    show(key) {
      this.busy = false;
      if (!key) return;
      this.made = key;
      this.copied = false;
      this.name = "";
      this.$nextTick(() => this.$refs.key.focus());
    },
    async copy() {
      this.$refs.key.select();
      try {
        await navigator.clipboard.writeText(this.made);
        this.copied = true;
      } catch { // a page that came over plain HTTP from elsewhere has no clipboard
        this.copied = document.execCommand("copy");
      }
    },
    putAway() {
      this.made = "";
      this.$nextTick(() => document.getElementById("key-name").focus());
    },
  },
};
