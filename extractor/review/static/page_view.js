// The upright page with what is looked at marked on it, or the lines and tables of a text. Zoom is the page's
// width as a multiple of the pane's; the pane scrolls, so panning is scrolling, or dragging.
const STEP = 1.25;

export default {
  template: `
    <section class="page-view" :aria-label="words.document">
      <div class="tools" role="toolbar" :aria-label="words.view">
        <template v-if="pages.length">
          <button type="button" @click="turn(-1)" :disabled="page <= 1" :aria-label="words.previousPage">‹</button>
          <span class="number">{{ page }} / {{ pages.length }}</span>
          <button type="button" @click="turn(1)" :disabled="page >= pages.length" :aria-label="words.nextPage">›</button>
          <button type="button" @click="magnify(1 / step)" :aria-label="words.smaller">−</button>
          <span class="number">{{ Math.round(zoom * 100) }}%</span>
          <button type="button" @click="magnify(step)" :aria-label="words.larger">+</button>
          <button type="button" class="plain" @click="fit">{{ words.fit }}</button>
        </template>
        <span v-else class="quiet">{{ words.text }}</span>
      </div>
      <div ref="pane" class="pane" tabindex="0" role="group" :aria-label="words.pane"
           @mousedown.prevent @pointerdown="grab" @pointermove="drag" @pointerup="drop" @pointercancel="drop">
        <div v-if="pages.length" v-for="(url, i) in pages" v-show="i + 1 === page" :key="url"
             class="sheet" :style="{ width: zoom * 100 + '%' }">
          <img v-if="seen.has(i + 1)" :src="url" :alt="words.page + ' ' + (i + 1)" draggable="false"
               @load="loaded(i + 1)" @error="broken(i + 1)">
          <p v-if="failed.has(i + 1)" class="problem">{{ words.noImage }}</p>
          <p v-else-if="!ready.has(i + 1)" class="hint waiting">{{ words.loading }}</p>
          <template v-if="ready.has(i + 1)">
            <span v-for="mark in marksOn(i + 1)" class="mark" :class="mark.kind" :style="place(mark.box)"></span>
          </template>
        </div>
        <template v-if="!pages.length" v-for="(part, i) in sections" :key="i">
          <ol v-if="part.lines" class="lines">
            <li v-for="one in part.lines" :value="one.line" :class="whole(one.number)" :data-number="one.number"
                ><template v-for="piece in pieces(one)"><mark v-if="piece.kind" :class="piece.kind">{{ piece.text }}</mark
                ><template v-else>{{ piece.text || " " }}</template></template></li>
          </ol>
          <div v-else class="scroll original" tabindex="0" role="region" :aria-label="words.table">
            <table>
              <tr v-for="row in part.rows">
                <td v-for="one in row" :colspan="one.across" :rowspan="one.down" :class="whole(one.number)" :data-number="one.number"
                    :aria-current="whole(one.number) === 'current' ? 'true' : undefined"
                    ><template v-for="piece in pieces(one)"><mark v-if="piece.kind" :class="piece.kind">{{ piece.text }}</mark
                    ><template v-else>{{ piece.text }}</template></template></td>
              </tr>
            </table>
          </div>
        </template>
      </div>
    </section>`,
  props: { pages: Array, parts: Array, words: Object, first: Object },
  data() {
    return {
      page: 1, zoom: 1, marks: [], step: STEP, held: null,
      seen: new Set(), ready: new Set(), failed: new Set(),
    };
  },
  computed: {
    // Paragraphs that follow each other are one list.
    sections() {
      const found = [];
      for (const part of this.parts) {
        if (part.rows) found.push(part);
        else if (found.at(-1)?.lines) found.at(-1).lines.push(part);
        else found.push({ lines: [part] });
      }
      return found;
    },
    marksIn() { return Object.groupBy(this.marks, (mark) => mark.number); },
  },
  mounted() {
    this.show(this.first);
    for (const mark of this.marks) this.seen.add(mark.page);
  },
  methods: {
    show({ page, marks }) {
      this.marks = marks;
      if (page) this.page = page;
      this.load();
      this.$nextTick(this.reveal);
    },
    // The page and, when there is time, its neighbours, so that going there needs no waiting.
    load() {
      if (this.failed.delete(this.page)) this.seen.delete(this.page);
      this.$nextTick(() => this.seen.add(this.page));
      clearTimeout(this.later);
      this.later = setTimeout(() => {
        for (const page of [this.page + 1, this.page - 1]) if (this.pages[page - 1]) this.seen.add(page);
      }, 400);
    },
    marksOn(page) { return this.marks.filter((mark) => mark.page === page); },
    place([x0, y0, x1, y1]) {
      return {
        left: `${x0 * 100}%`, top: `${y0 * 100}%`,
        width: `${(x1 - x0) * 100}%`, height: `${(y1 - y0) * 100}%`,
      };
    },
    // Of what stands in a paragraph or a cell, its first mark; null where all of it is marked.
    whole(number) { return this.marksIn[number]?.find((mark) => mark.start === null)?.kind; },
    pieces({ number, text }) {
      const marks = (this.marksIn[number] ?? []).filter((mark) => mark.start !== null);
      const signs = Array.from(text); // marks count characters, not halves of them
      const cut = (start, stop) => signs.slice(start, stop).join("");
      const pieces = [];
      let at = 0;
      for (const { start, stop, kind } of marks.sort((a, b) => a.start - b.start)) {
        if (start < at) continue; // it is marked already
        pieces.push({ text: cut(at, start) }, { text: cut(start, stop), kind });
        at = stop;
      }
      return [...pieces, { text: cut(at) }];
    },
    reveal() {
      const pane = this.$refs.pane;
      const mark = pane?.querySelector(".current") ?? pane?.querySelector(".lines .related, .original .related");
      if (!mark) return;
      const wide = mark.closest(".original");
      const side = wide?.getBoundingClientRect();
      const at = mark.getBoundingClientRect();
      if (wide && (at.left < side.left || side.right < at.right)) wide.scrollLeft += at.left - side.left - side.width / 2;
      const around = pane.getBoundingClientRect();
      pane.scrollTop += at.top - around.top - (around.height - at.height) / 2;
      if (!wide) pane.scrollLeft += at.left - around.left - (around.width - at.width) / 2;
    },
    loaded(page) {
      this.ready.add(page);
      if (page === this.page) this.$nextTick(this.reveal);
    },
    broken(page) { this.failed.add(page); },
    turn(by) {
      this.page = Math.min(this.pages.length, Math.max(1, this.page + by));
      this.load();
      this.$refs.pane.scrollTop = 0;
    },
    magnify(by) {
      this.zoom = Math.min(6, Math.max(0.5, this.zoom * by));
      this.$nextTick(this.reveal);
    },
    fit() {
      this.zoom = 1;
      this.$nextTick(this.reveal);
    },
    grab(event) {
      if (!this.pages.length || event.pointerType !== "mouse" || event.button !== 0) return;
      const { scrollLeft, scrollTop } = this.$refs.pane;
      this.held = { x: event.clientX, y: event.clientY, scrollLeft, scrollTop };
      this.$refs.pane.setPointerCapture(event.pointerId);
    },
    drag(event) {
      if (!this.held) return;
      this.$refs.pane.scrollLeft = this.held.scrollLeft - (event.clientX - this.held.x);
      this.$refs.pane.scrollTop = this.held.scrollTop - (event.clientY - this.held.y);
    },
    drop() { this.held = null; },
  },
};
