// The upright page with what is looked at marked on it, or the lines of a text. Zoom is the page's
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
            <span v-for="mark in marksOn(i + 1)" class="mark" :class="mark.kind" :style="place(mark.box)"
                  :ref="mark.kind === 'current' ? 'current' : undefined"></span>
          </template>
        </div>
        <ol v-if="!pages.length" class="lines">
          <li v-for="one in lines" :value="one.line" :class="{ current: one.line === line }"
              :ref="one.line === line ? 'current' : undefined">{{ one.text || " " }}</li>
        </ol>
      </div>
    </section>`,
  props: { pages: Array, lines: Array, words: Object, first: Object },
  data() {
    return {
      page: 1, zoom: 1, marks: [], line: null, step: STEP, held: null,
      seen: new Set(), ready: new Set(), failed: new Set(),
    };
  },
  mounted() {
    this.show(this.first);
    for (const mark of this.marks) this.seen.add(mark.page);
  },
  methods: {
    show({ page, line, marks }) {
      this.marks = marks;
      this.line = line;
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
    reveal() {
      const found = this.$refs.current;
      const mark = Array.isArray(found) ? found[0] : found;
      const pane = this.$refs.pane;
      if (!mark || !pane) return;
      const at = mark.getBoundingClientRect();
      const around = pane.getBoundingClientRect();
      pane.scrollTop += at.top - around.top - (around.height - at.height) / 2;
      pane.scrollLeft += at.left - around.left - (around.width - at.width) / 2;
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
