// Files that are dropped anywhere on the page, or chosen, are sent to the service some at a time.
// What is not sent yet stays here until it is, or is put away, whatever goes wrong in between.
const MAX_FILES = 100;
const MAX_BYTES = 64 * 2 ** 20; // so much is sent again after a lost connection
const HIDDEN = /^(\.|~\$|thumbs\.db$|desktop\.ini$)/i;
const ORDER = ["unsent", "refused", "skipped", "known", "new"];

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

// All files below an entry of a drop; a folder is told in pieces until a piece is empty.
async function* filesIn(entry) {
  if (HIDDEN.test(entry.name)) return;
  if (entry.isFile) {
    yield await new Promise((resolve, reject) => entry.file(resolve, reject))
      .then((file) => ({ file, name: entry.fullPath.slice(1) }))
      .catch(() => ({ file: null, name: entry.fullPath.slice(1) }));
    return;
  }
  const reader = entry.createReader();
  while (true) {
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve(null)));
    if (some === null) yield { file: null, name: entry.fullPath.slice(1) };
    if (!some?.length) return;
    for (const one of some) yield* filesIn(one);
  }
}

// A file may be gone, or forbidden, by the time that it is sent.
const isReadable = (file) => file.slice(0, 1).arrayBuffer().then(() => true, () => false);

export default {
  template: `
    <section class="upload" :class="{ over }" :aria-label="words.title">
      <div class="drop">
        <p><strong>{{ words.drop }}</strong></p>
        <p class="hint">{{ words.kinds }}</p>
        <div class="actions">
          <button type="button" class="main" @click="$refs.files.click()">{{ words.chooseFiles }}</button>
          <button type="button" @click="$refs.folder.click()">{{ words.chooseFolder }}</button>
        </div>
        <input ref="files" type="file" multiple hidden @change="chosen">
        <input ref="folder" type="file" webkitdirectory hidden @change="chosen">
      </div>
      <div v-if="isBusy && !trouble" class="sending">
        <progress :value="share" max="1" :aria-label="words.title"></progress>
        <span>{{ told }}</span>
        <button type="button" class="plain" @click="stop">{{ words.stop }}</button>
      </div>
      <div v-if="trouble" class="trouble" role="alert">
        <p class="problem">{{ trouble }} {{ fill(words.left, { n: queue.length }) }}
          <a v-if="isEnded" :href="signIn" target="_blank">{{ words.signIn }}</a></p>
        <div class="actions">
          <button ref="again" type="button" class="main" @click="again">{{ fill(words.again, { n: queue.length }) }}</button>
          <button type="button" @click="giveUp">{{ words.giveUp }}</button>
        </div>
      </div>
      <p class="sr-only" role="status">{{ isBusy ? "" : summary }}</p>
      <details v-if="results.length" class="results" open>
        <summary>{{ summary }}</summary>
        <ul tabindex="0" :aria-label="words.results">
          <li v-for="(one, i) in sorted" :key="i">
            <span class="tag" :class="words.outcomes[one.kind].look">{{ words.outcomes[one.kind].text }}</span>
            <span class="name">{{ one.name }}</span>
            <span v-if="one.reason" class="quiet">{{ one.reason }}</span>
          </li>
        </ul>
        <button type="button" class="plain" @click="results = []">{{ words.clear }}</button>
      </details>
    </section>`,
  props: {
    api: String, session: String, signIn: String, csrf: String, maxBytes: Number, words: Object,
  },
  emits: ["busy", "sent"],
  data: () => ({
    over: false,
    queue: [], // { file, name, alone }: still to be sent
    results: [], // { kind, name, reason }
    trouble: "",
    isEnded: false,
    isSending: false,
    sent: { files: 0, bytes: 0, now: 0 },
    all: { files: 0, bytes: 0 },
    token: "",
  }),
  computed: {
    isBusy() {
      return this.isSending || this.queue.length > 0;
    },
    share() {
      return this.all.bytes ? Math.min(1, (this.sent.bytes + this.sent.now) / this.all.bytes) : 0;
    },
    told() {
      if (this.share === 1) return this.words.checking;
      return fill(this.words.progress, {
        share: Math.floor(100 * this.share), sent: this.sent.files, all: this.all.files,
      });
    },
    sorted() {
      return [...this.results].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
    },
    summary() {
      const counts = ORDER.map((kind) => [kind, this.results.filter((one) => one.kind === kind).length]);
      return counts.filter(([, n]) => n).reverse()
        .map(([kind, n]) => fill(this.words.count, { kind: this.words.outcomes[kind].text, n }))
        .join(this.words.comma);
    },
  },
  watch: {
    isBusy(now) {
      this.$emit("busy", now);
    },
  },
  created() {
    this.request = null;
    this.token = this.csrf;
    this.listeners = {
      dragover: (event) => this.drag(event, true),
      dragleave: (event) => event.relatedTarget === null && this.drag(event, false),
      drop: (event) => this.dropped(event),
      beforeunload: (event) => this.isBusy && event.preventDefault(),
    };
  },
  mounted() {
    for (const [name, listener] of Object.entries(this.listeners)) window.addEventListener(name, listener);
  },
  unmounted() {
    for (const [name, listener] of Object.entries(this.listeners)) window.removeEventListener(name, listener);
  },
  methods: {
    fill,
    drag(event, over) {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      this.over = over;
    },
    async dropped(event) {
      this.drag(event, false);
      // Entries are there only while the event is handled; what a program drops has none.
      const items = [...(event.dataTransfer?.items ?? [])].filter((item) => item.kind === "file")
        .map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
      const found = [];
      for (const item of items) {
        if (item instanceof File) found.push({ file: item, name: item.name });
        else if (item !== null) for await (const one of filesIn(item)) found.push(one);
      }
      this.add(found);
    },
    chosen(event) {
      const files = [...event.target.files].filter((file) => !HIDDEN.test(file.name));
      this.add(files.map((file) => ({ file, name: file.webkitRelativePath || file.name })));
      event.target.value = "";
    },
    async add(found) {
      if (!found.length) return;
      if (!this.isBusy) {
        this.sent = { files: 0, bytes: 0, now: 0 };
        this.all = { files: 0, bytes: 0 };
        this.results = [];
      }
      for (const { file, name } of found) {
        if (file === null) this.tell("unsent", name, this.words.unreadable);
        else if (file.size > this.maxBytes) this.tell("refused", name, this.words.tooLarge);
        else {
          this.queue.push({ file, name, alone: false });
          this.all.files += 1;
          this.all.bytes += file.size;
        }
      }
      if (!this.isSending && !this.trouble) await this.send();
    },
    tell(kind, name, reason = "") {
      this.results.push({ kind, name, reason });
    },

    // --- sending ---
    async send() {
      this.isSending = true;
      this.trouble = "";
      this.isEnded = false;
      while (this.queue.length && !this.trouble) {
        const batch = this.take();
        const readable = await Promise.all(batch.map((one) => isReadable(one.file)));
        const some = batch.filter((_, i) => readable[i]);
        for (const one of batch.filter((_, i) => !readable[i])) {
          this.tell("unsent", one.name, this.words.unreadable);
          this.done([one]);
        }
        if (some.length && !this.settle(some, await this.post(some))) this.queue.unshift(...some);
        this.sent.now = 0;
      }
      this.isSending = false;
      if (this.trouble) this.$nextTick(() => this.$refs.again.focus());
    },
    take() {
      let bytes = 0;
      let n = 0;
      for (const one of this.queue) {
        bytes += one.file.size;
        if (n && (n === MAX_FILES || bytes > MAX_BYTES || one.alone || this.queue[0].alone)) break;
        n += 1;
      }
      return this.queue.splice(0, n);
    },
    async post(batch) {
      const form = new FormData();
      for (const one of batch) form.append("files", one.file, one.name);
      const answer = await new Promise((resolve) => {
        const request = new XMLHttpRequest();
        this.request = request;
        request.open("POST", this.api);
        request.setRequestHeader("X-CSRF-Token", this.token);
        request.responseType = "json";
        request.upload.onprogress = (event) => { this.sent.now = event.loaded; };
        request.onload = () => resolve({ status: request.status, body: request.response ?? {} });
        request.onerror = () => resolve({ status: 0, body: {} });
        request.onabort = () => resolve({ status: -1, body: {} });
        request.send(form);
      });
      // What refuses an upload before it has come whole may look like a lost connection.
      if (answer.status === 0 && (await this.renew()) === 401) return { status: 401, body: {} };
      return answer;
    },
    // Whether an answer settles what becomes of the files; if not, `trouble` may say why.
    settle(batch, { status, body }) {
      if (Array.isArray(body.documents) || Array.isArray(body.refused)) {
        for (const one of body.documents ?? []) this.tell(one.is_new ? "new" : "known", one.name);
        for (const one of body.refused) this.tell("refused", one.name, this.reason(one.code, one.detail));
        for (const one of body.skipped) this.tell("skipped", one.name, this.words.skipped[one.reason] ?? this.words.other);
        this.done(batch);
        this.$emit("sent");
        return true;
      }
      if (status === 413 && batch.length === 1) {
        this.tell("refused", batch[0].name, this.words.tooLarge);
        this.done(batch);
        return true;
      }
      if (status === 413) for (const one of batch) one.alone = true;
      else if (status === -1) this.trouble = this.words.stopped;
      else if (status === 0) this.trouble = this.words.lost;
      else if (status === 401) this.trouble = this.words.problems.unauthorized;
      else this.trouble = this.reason(body.code);
      this.isEnded = status === 401;
      return false;
    },
    reason(code, detail) {
      return (this.words.areDetailsRead && detail) || this.words.problems[code] || this.words.problems.error;
    },
    done(batch) {
      this.sent.files += batch.length;
      this.sent.bytes += batch.reduce((bytes, one) => bytes + one.file.size, 0);
    },
    stop() {
      this.request?.abort();
    },
    // A session that was begun meanwhile, on another page, has another token.
    async renew() {
      try {
        const answer = await fetch(this.session);
        if (answer.ok) this.token = (await answer.json()).csrf_token ?? this.token;
        return answer.status;
      } catch {
        return 0;
      }
    },
    async again() {
      await this.renew();
      await this.send();
    },
    giveUp() {
      for (const one of this.queue) this.tell("unsent", one.name, this.words.givenUp);
      this.queue = [];
      this.trouble = "";
      this.isEnded = false;
    },
  },
};
