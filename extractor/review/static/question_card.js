// What is looked at, and every way to answer it. One key is one answer: it is sent with what it is
// about and the version that was seen, and for a moment after another question has come no answer
// is taken, so that a second press never answers what nobody has looked at. A digit takes an
// alternative, or begins a number; where more of a number follows at once, it was one all along: the
// answer is taken back, and what was typed stands in the entry of the question that it was about.
// Where more follows later, it may still be the same number, typed slowly: it answers nothing.
const STEADY_MS = 500; // no answer is taken so soon after a question has come
const SLOW_MS = 1500; // between the keys of a number, at most
const PATIENCE_MS = 15000; // an answer to which nothing comes back was lost
const MORE = /^[\d.,]$/; // of a number that was begun
const STATES = { b: "blank", d: "dash", w: "not_applicable", x: "illegible", m: "missing" };

export default {
  template: `
    <section class="question" :aria-label="words.question" :data-ready="isReady && !typed">
      <div v-if="!subject" class="done">
        <h2>{{ words.allDone }}</h2>
        <p class="hint">{{ words.allDoneHint }}</p>
        <p v-if="may" class="actions"><a class="button main" :href="words.nextHref">{{ words.nextDocument }} <kbd>N</kbd></a></p>
      </div>
      <div v-else :key="subject">
        <div class="head">
          <div>
            <p class="where">{{ question.table }}</p>
            <h2 ref="title" tabindex="-1" :data-subject="subject">{{ question.title }}</h2>
          </div>
          <p class="count" aria-live="off">{{ place }}</p>
        </div>

        <div class="look" v-if="question.kind !== 'report'">
          <div v-if="pages.length" class="crop" role="img" :aria-label="words.crop" :style="cropStyle">
            <span v-if="!crop" class="hint">{{ question.evidence ? words.noCrop : words.notFound }}</span>
          </div>
          <div v-if="question.kind === 'finding'" class="read">
            <p><span class="tag" :class="question.verdict">{{ question.verdictText }}</span>
               <span v-if="question.confirmed" class="tag good">{{ words.confirmed }}</span></p>
            <p v-if="question.comment" class="quiet">{{ words.annotation }} {{ question.comment }}</p>
          </div>
          <div v-else-if="question.kind !== 'gaps'" class="read">
            <p><span class="quiet">{{ question.isReviewed ? words.decided : words.read }}</span> <strong class="value">{{ question.read }}</strong>
               <span v-if="question.printed && question.printed !== question.read" class="quiet">“{{ question.printed }}”</span></p>
            <p><span class="tag" :class="{ doubt: question.status === 'flagged', good: question.status === 'reviewed' }">{{ question.statusText }}</span>
               <span v-if="question.chance" class="quiet">{{ words.chance }} {{ question.chance }}</span>
               <span v-if="question.unit && question.kind === 'cell'" class="quiet">{{ question.unit }}</span></p>
            <p v-if="question.first" class="quiet">{{ question.first }}</p>
            <p v-if="question.annotation" class="quiet">{{ words.annotation }} {{ question.annotation }}</p>
            <p v-if="question.kind === 'figure'" class="quiet">{{ question.exactness }} {{ question.scope }}</p>
          </div>
        </div>
        <p v-if="question.sentence" class="sentence">{{ question.sentence[0] }}<mark>{{ question.sentence[1] }}</mark>{{ question.sentence[2] }}</p>
        <p v-if="question.settled" class="settled">{{ question.settled }}</p>
        <ol v-if="question.members?.length" class="alternatives" :aria-label="words.members">
          <li v-for="(member, i) in question.members">
            <button type="button" @click="$emit('choose', member.slot)">
              <kbd v-if="i < 9">{{ i + 1 }}</kbd> {{ member.name }} <strong>{{ member.text }}</strong>
              <template v-if="member.isSettled"><span class="tick" aria-hidden="true">✓</span><span class="sr-only">{{ words.settling }}</span></template></button>
          </li>
        </ol>
        <p v-for="group in question.others" class="others"><span class="quiet">{{ group.text }}</span>
          <button v-for="cell in group.cells" type="button" class="plain" @click="$emit('choose', cell.slot)">{{ cell.name
            }}<template v-if="cell.isSettled"><span class="tick" aria-hidden="true"> ✓</span><span class="sr-only"> {{ words.settling }}</span></template></button>
        </p>
        <ul v-if="question.reasons.length" class="reasons">
          <li v-for="reason in question.reasons">{{ reason }}</li>
        </ul>

        <details class="note" ref="note" :open="noteOpen" @toggle="noteOpen = $event.target.open">
          <summary>{{ words.comment }} <kbd>C</kbd></summary>
          <label class="sr-only" for="comment">{{ words.comment }}</label>
          <input id="comment" ref="comment" v-model="comment" maxlength="2000" autocomplete="off" :disabled="!may"
                 :placeholder="words.commentHint" @keydown.enter="endNote" @keydown.escape="endNote">
        </details>
        <p v-if="last" class="last quiet">{{ last }} <button v-if="may && canWithdraw" type="button" class="plain" @click="act({ do: 'withdraw' })">{{ words.withdraw }}</button></p>
      </div>
      <div class="foot">
        <p v-if="notice" class="notice" role="status">{{ notice }}</p>
        <div v-if="subject" :key="subject" class="choices">
        <ol v-if="question.alternatives.length" class="alternatives" :aria-label="words.alternatives">
          <li v-for="(other, i) in question.alternatives">
            <button type="button" :disabled="!may" @click="act({ do: 'alternative', number: i + 1 })">
              <kbd>{{ i + 1 }}</kbd> <strong>{{ other.text }}</strong>
              <span class="quiet">{{ other.source }} {{ other.chance }}</span>
            </button>
          </li>
        </ol>

        <form v-if="question.kind === 'report'" class="answer" @submit.prevent="act({ do: 'report', organization, year })">
          <label>{{ words.organization }} <input v-model="organization" maxlength="200" :disabled="!may"></label>
          <label>{{ words.year }} <input v-model="year" inputmode="numeric" size="6" :disabled="!may"></label>
          <button class="main" :disabled="!may">{{ words.save }}</button>
        </form>
        <form v-else-if="hasEntry" class="answer" @submit.prevent="enter">
          <label class="sr-only" for="typed">{{ words.number }} {{ question.unit }}</label>
          <input id="typed" ref="typed" v-model="text" inputmode="decimal" autocomplete="off" :disabled="!may"
                 :placeholder="words.numberHint" :aria-invalid="problem ? 'true' : 'false'" aria-describedby="answer-problem"
                 @keydown.escape.prevent="leave">
          <span v-if="question.kind === 'cell' && question.unit">{{ question.unit }}</span>
          <button :disabled="!may">{{ words.save }} <kbd>Enter</kbd></button>
        </form>
        </div>
        <p v-if="subject" id="answer-problem" class="problem" role="alert">{{ problem }}</p>
        <div v-if="subject" class="actions">
          <template v-if="question.kind === 'gaps'">
            <button type="button" class="main" :disabled="!may" @click="act({ do: 'missing' })">{{ question.absent }} <kbd>M</kbd></button>
            <button type="button" :disabled="!may" @click="act({ do: 'illegible' })">{{ words.illegibleAll }} <kbd>X</kbd></button>
            <button type="button" @click="$emit('choose', question.firstCell)">{{ words.fillIn }} <kbd>=</kbd></button>
          </template>
          <button v-else-if="question.kind !== 'report'" type="button" class="main" :disabled="!may || !question.canConfirm" @click="act({ do: 'confirm' })">
            {{ confirmation }} <kbd>Enter</kbd></button>
          <template v-if="question.kind === 'cell'">
            <button v-for="(state, key) in states" type="button" :disabled="!may" @click="act({ do: state })">{{ words[state] }} <kbd>{{ key.toUpperCase() }}</kbd></button>
          </template>
          <button v-if="question.kind === 'figure'" type="button" :disabled="!may" @click="act({ do: 'absent' })">{{ words.absent }} <kbd>X</kbd></button>
        </div>
        <div class="moves">
        <button type="button" @click="move(-1)" :disabled="!open">{{ words.previous }} <kbd>K</kbd></button>
        <button type="button" @click="move(1)" :disabled="!open">{{ words.next }} <kbd>J</kbd></button>
        <button type="button" @click="undo" :disabled="!may || !undoable">{{ words.undo }} <kbd>U</kbd></button>
        <a v-if="subject && isSettled" class="button" :href="words.nextHref">{{ words.nextDocument }} <kbd>N</kbd></a>
        <label class="keys"><input type="checkbox" v-model="keys"> {{ words.keys }}</label>
        <a class="plain" :href="words.helpHref" target="_blank">{{ words.help }} <kbd>?</kbd></a>
        <p class="news" role="status">{{ news }}</p>
        </div>
      </div>
    </section>`,
  props: { words: Object, may: Boolean, pages: Array, first: Object },
  emits: ["act", "move", "undo", "zoom", "choose", "again"],
  data() {
    return {
      ...this.first, text: "", comment: "", organization: "", year: "", problem: "", noteOpen: false,
      keys: true, states: STATES, sizes: {}, busy: false, isReady: false, sent: null,
      drafts: JSON.parse(sessionStorage.getItem(this.words.draftsKey) ?? "{}"), // by what they are about
      typed: null, // a number that began with the key of an alternative
    };
  },
  computed: {
    isSettled() { return this.may && !this.open; },
    crop() {
      const found = this.question?.evidence;
      return found?.page && found.box && this.pages.length ? found : null;
    },
    hasEntry() { return ["cell", "figure"].includes(this.question?.kind); },
    // What is said to be so: of a figure not only its number, but what it counts.
    confirmation() {
      const { words, question } = this;
      if (question.kind === "figure") return words.confirmFigure.replace("{name}", () => question.title);
      if (question.kind !== "finding") return question.confirm || words.confirm;
      if (question.isOfText) return words.confirmText;
      return words.confirmFinding + (question.nSettled ? words.alsoSettles.replace("{n}", question.nSettled) : "");
    },
    // The print, enlarged from the page's own image: about two and a half lines of it.
    cropStyle() {
      if (!this.crop) return {};
      const [x0, y0, x1, y1] = this.crop.box;
      const [width, height] = this.sizes[this.crop.page] ?? [1, 1.414];
      const high = Math.max(y1 - y0, 0.008) * height * 2.4;
      const wide = Math.max((x1 - x0) * width * 1.3, high * 2.6);
      const [left, top] = [(x0 + x1) / 2 * width - wide / 2, (y0 + y1) / 2 * height - high / 2];
      const share = (at, size, whole) => `${(at / Math.max(whole - size, 1e-6)) * 100}%`;
      return {
        aspectRatio: `${wide} / ${high}`,
        backgroundImage: `url("${this.pages[this.crop.page - 1]}")`,
        backgroundSize: `${(width / wide) * 100}% ${(height / high) * 100}%`,
        backgroundPosition: `${share(left, wide, width)} ${share(top, high, height)}`,
      };
    },
  },
  mounted() {
    this.fill();
    this.measure();
    const told = `${this.words.draftsKey}/again`;
    if (sessionStorage.getItem(told)) this.news = this.words.extractedAgain;
    sessionStorage.removeItem(told);
    this.onLeave = () => this.keepDrafts(this.words.draftsKey);
    window.addEventListener("pagehide", this.onLeave);
    this.onKey = (event) => this.pressed(event);
    window.addEventListener("keydown", this.onKey);
    this.followSocket();
  },
  unmounted() {
    window.removeEventListener("keydown", this.onKey);
    window.removeEventListener("pagehide", this.onLeave);
  },
  methods: {
    // `outcome` is "saved", "undone" or "none" where this answers what was asked for from here.
    show({ problem = "", ...state }, outcome = "") {
      const left = this.subject;
      if (outcome === "none") this.sent = null; // what was typed is still to be saved
      if (state.subject !== left && left && left !== this.sent) {
        this.drafts[left] = this.draft();
      }
      const isOther = JSON.stringify(state.question) !== JSON.stringify(this.question);
      Object.assign(this, state);
      if (outcome) this.free();
      if (outcome === "saved") delete this.drafts[left];
      if (state.subject !== left || outcome === "saved") this.fill();
      else if (isOther) this.wait(); // the number has changed under the reader
      if (problem) this.problem = problem;
      this.measure();
      if (outcome) this.typeOn(outcome);
      else if (state.subject !== left && !this.busy) this.typed = null;
    },
    wait() {
      this.isReady = false;
      clearTimeout(this.steady);
      this.steady = setTimeout(() => { this.isReady = true; }, STEADY_MS);
    },
    // For how long more of a number may come.
    linger() {
      clearTimeout(this.slow);
      this.slow = setTimeout(() => { if (!this.busy) this.typed = null; }, SLOW_MS);
    },
    // What was typed about a question and is not saved; of the report only what was changed.
    draft() {
      const { organization, year } = this.question ?? {};
      return {
        text: this.text, comment: this.comment,
        ...(this.organization !== (organization ?? "") && { organization: this.organization }),
        ...(this.year !== (year ?? "") && { year: this.year }),
      };
    },
    // A page that is asked for anew, as in another language, has them again; so has whoever signs in
    // again with the same key, in this window.
    keepDrafts(key, names = null) {
      const all = { ...this.drafts };
      if (this.subject && this.subject !== this.sent) all[this.subject] = this.draft();
      const kept = Object.entries(all)
        .filter(([about, draft]) => (!names || names[about]) && Object.values(draft).some((one) => one))
        .map(([about, draft]) => [names?.[about] ?? about, draft]);
      if (kept.length) sessionStorage.setItem(key, JSON.stringify(Object.fromEntries(kept)));
      else sessionStorage.removeItem(key);
    },
    // The document was extracted again: what was typed goes with its question, whose name may be
    // another one; nothing that was on its way was taken.
    moveOn(key, names) {
      this.sent = null;
      this.keepDrafts(key, names);
      sessionStorage.setItem(`${key}/again`, "yes");
      window.removeEventListener("pagehide", this.onLeave);
      sessionStorage.removeItem(this.words.draftsKey);
      this.subject = names[this.subject] ?? null;
      this.nameInAddress();
      location.reload();
    },
    // It begins with what its address names.
    nameInAddress() {
      const address = new URL(location.href);
      if (this.subject) address.searchParams.set("at", this.subject);
      else address.searchParams.delete("at");
      history.replaceState(history.state, "", address);
    },
    // Whatever had the focus was about the question before, or is answered; also where that one
    // stays in view, what is typed now is no number.
    fill() {
      const { text = "", comment = "", organization, year } = this.drafts[this.subject] ?? {};
      Object.assign(this, { text, comment, problem: "", noteOpen: comment !== "" });
      this.organization = organization ?? this.question?.organization ?? "";
      this.year = year ?? this.question?.year ?? "";
      this.sent = null;
      this.nameInAddress();
      this.wait();
      const focused = document.activeElement;
      if (this.$el.contains(focused) || focused?.dataset.slot) {
        this.$nextTick(() => this.$refs.title?.focus({ preventScroll: true }));
      }
    },
    measure() {
      const page = this.crop?.page;
      if (!page || this.sizes[page]) return;
      const image = new Image();
      image.onload = () => { this.sizes[page] = [1, image.naturalHeight / image.naturalWidth]; };
      image.src = this.pages[page - 1];
    },
    refuse(problem) {
      this.free();
      this.sent = null;
      this.problem = problem;
      this.news = ""; // of an answer before
      this.typeOn("none");
    },
    free() {
      this.busy = false;
      clearTimeout(this.patience);
    },
    // What was on its way when the connection broke is lost, or came: the service knows.
    followSocket() {
      if (!window.socket) return void setTimeout(() => this.followSocket(), 200);
      window.socket.on("connect", () => {
        if (this.busy) this.refuse(this.words.offline);
        this.$emit("again");
      });
    },
    isConnected() {
      if (window.socket?.connected) return true;
      this.problem = this.words.offline;
      return false;
    },
    begin() {
      if (!this.may || this.busy || !this.isReady || !this.isConnected()) return false;
      if (this.notice) {
        this.problem = this.notice;
        return false;
      }
      this.busy = true;
      this.typed = null; // whatever is done now is no part of a number
      this.problem = "";
      this.patience = setTimeout(() => this.refuse(this.words.offline), PATIENCE_MS);
      return true;
    },
    act(action) {
      if (!this.subject || !this.begin()) return false;
      this.sent = this.subject;
      this.$emit("act", { ...action, comment: this.comment, subject: this.subject, version: this.version });
      return true;
    },
    digit(key) {
      if (this.busy) return;
      if (!this.isReady) { // nor is the rest taken of what began too soon
        this.news = this.words.tooSoon;
        return void this.wait();
      }
      if (key === "0" || +key > this.question.alternatives.length) return void this.write(key);
      const { subject, comment, question } = this;
      if (!this.act({ do: "alternative", number: +key })) return;
      this.typed = { subject, comment, seen: JSON.stringify(question), text: key, at: "sent", isMore: false, isEntered: false };
    },
    write(text) {
      this.text = text;
      this.$nextTick(() => {
        this.$refs.typed?.focus();
        this.$refs.typed?.setSelectionRange(text.length, text.length);
      });
    },
    // Whether a key belongs to a number that was begun; also while its first digit is on its way.
    isOfTyped({ key, repeat }, isHere) {
      const typed = this.typed;
      if (!typed) return false;
      if (key === "Enter" && (typed.isMore || isHere)) {
        if (!typed.isMore && typed.at === "saved") this.news = this.words.tooSlow;
        typed.isEntered = true;
      } else if (key === "Backspace" && typed.isMore) typed.text = typed.text.slice(0, -1);
      else if (!MORE.test(key)) return false;
      else if (typed.at === "saved" && (this.isReady || typed.isEntered)) this.ignore();
      else if (!repeat && !typed.isEntered) {
        typed.text += key;
        typed.isMore = true;
        if (typed.at === "saved") this.takeBack();
        if (typed.at === "refused") this.resume(typed);
      }
      return true;
    },
    // Too late to be more of a number, and too soon to be anything else; nor is what follows.
    ignore() {
      if (this.typed.at !== "saved") return;
      this.news = this.words.tooSlow;
      this.linger();
    },
    takeBack() {
      const { number, subject } = this.undoable ?? {};
      this.typed.at = "undoing";
      if (subject !== this.typed.subject) return void this.refuse("");
      if (!this.isConnected()) return void this.refuse(this.words.offline);
      this.busy = true;
      this.patience = setTimeout(() => this.refuse(this.words.offline), PATIENCE_MS);
      this.$emit("undo", { number });
    },
    // What has become of the answer that a number began with, or of taking it back.
    typeOn(outcome) {
      const typed = this.typed;
      if (!typed) return;
      if (typed.at === "sent" && outcome === "saved") {
        typed.at = "saved";
        this.wait();
        this.linger();
        if (typed.isMore) this.takeBack();
      } else if (typed.at === "sent" && this.subject === typed.subject) {
        typed.at = "refused";
        this.wait();
        this.linger();
        if (typed.isMore) this.resume(typed);
      } else if (outcome === "undone" && this.subject === typed.subject) {
        this.resume(typed);
        if (JSON.stringify(this.question) !== typed.seen) return;
        clearTimeout(this.steady); // it was looked at before
        this.isReady = true;
        if (typed.isEntered) this.enter();
      } else {
        this.typed = null;
        if (typed.at === "sent") return;
        this.typed = { ...typed, at: "saved", isMore: false, isEntered: true }; // the rest is dropped
        this.linger();
        this.problem = `${this.words.notTakenBack.replace("{typed}", typed.text)} ${this.problem}`.trim();
        this.wait();
      }
    },
    resume({ text, comment }) {
      this.typed = null;
      this.comment = comment;
      this.noteOpen = comment !== "";
      this.write(text);
    },
    enter() { this.act({ do: "value", text: this.text }); },
    leave() {
      this.text = "";
      this.problem = "";
      this.$refs.title.focus();
    },
    endNote(event) {
      if (event.isComposing) return; // it ends a word, not the note
      event.preventDefault();
      this.$refs.title.focus();
    },
    move(by) { if (!this.busy && this.isConnected()) this.$emit("move", by); },
    leaveReport() { if (!this.busy && this.isReady) location.assign(this.words.nextHref); },
    undo() { if (this.undoable && this.begin()) this.$emit("undo", { number: this.undoable.number }); },
    pressed(event) {
      if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || !this.keys) return;
      const target = event.target;
      const on = target.tagName;
      if (["INPUT", "TEXTAREA", "SELECT"].includes(on) && target.type !== "checkbox") return;
      if (document.querySelector("dialog[open]")) return;
      // Where one scrolls, or walks from cell to cell, keys are for that.
      const isHere = target === document.body || this.$el.contains(target);
      if (this.isOfTyped(event, isHere)) return void event.preventDefault();
      if (event.key === "?") return void window.open(this.words.helpHref, "_blank");
      if (["+", "-", "f", "F"].includes(event.key)) return void this.$emit("zoom", event.key.toLowerCase());
      const isEnter = event.key === "Enter";
      if (isEnter && ["BUTTON", "A", "SUMMARY", "INPUT"].includes(on)) return; // it works what it is on
      const done = this.answerOf(event.key, isEnter, isHere);
      if (done) event.preventDefault();
      if (!done || event.repeat) return;
      if (!this.busy) this.typed = null; // another key ends it
      done();
    },
    answerOf(key, isEnter, isHere) {
      const letter = key.toLowerCase();
      if (letter === "j" || (key === "ArrowRight" && isHere)) return () => this.move(1);
      if (letter === "k" || (key === "ArrowLeft" && isHere)) return () => this.move(-1);
      if (letter === "n" && this.isSettled) return () => this.leaveReport();
      if (!isHere) return null;
      if (letter === "u") return () => this.undo();
      if (!this.subject) return null;
      const { kind, canConfirm, members } = this.question;
      if (kind === "finding" && members[+key - 1]) return () => this.$emit("choose", members[+key - 1].slot);
      if (kind === "gaps" && (key === "=" || letter === "e")) return () => this.$emit("choose", this.question.firstCell);
      if (!this.may) return null;
      if (letter === "c") return () => { this.noteOpen = true; this.$nextTick(() => this.$refs.comment.focus()); };
      if (isEnter && kind !== "report" && canConfirm) return () => this.act({ do: "confirm" });
      if (isEnter && kind === "cell") return () => { this.news = this.words.nothingRead; };
      if (kind === "finding" || kind === "report") return null;
      if (kind === "gaps") return ["m", "x"].includes(letter) ? () => this.act({ do: STATES[letter] }) : null;
      if (key === "=" || letter === "e") return () => this.$refs.typed.focus();
      if (/^\d$/.test(key)) return () => this.digit(key);
      if (kind === "figure") return letter === "x" ? () => this.act({ do: "absent" }) : null;
      return STATES[letter] ? () => this.act({ do: STATES[letter] }) : null;
    },
  },
};
