// The tables as the form prints them.
export default {
  template: `
    <div class="forms">
      <section v-for="form in forms" :key="form.id">
        <h2>{{ form.title }}</h2>
        <p v-if="!form.present" class="problem">{{ words.absent }}</p>
        <div class="scroll">
          <table class="form" :class="form.id">
            <caption class="sr-only">{{ form.title }}</caption>
            <tbody>
              <tr v-for="(row, i) in form.rows" :key="i">
                <template v-for="place in row">
                  <td v-if="place.slot" :key="place.slot" :colspan="place.span" class="value"
                      :class="[cells[place.slot].look, { current: place.slot === current,
                               related: related.includes(place.slot), cleared: cleared.includes(place.slot) }]">
                    <button type="button" :data-slot="place.slot" :tabindex="place.slot === reachable(form) ? 0 : -1"
                            :aria-label="label(form, place.slot)" :aria-current="place.slot === current"
                            @click="choose(place.slot)" @keydown="walk($event, form, i, place)">{{ cells[place.slot].text }}</button>
                  </td>
                  <component v-else :is="place.part === 'stub' ? 'td' : 'th'" :key="place.left + place.part"
                      :scope="place.part === 'stub' ? undefined : scope(place)" :colspan="place.span"
                      :rowspan="place.rows" :class="'of-' + place.part">{{ place.text }}</component>
                </template>
                <th v-if="form.across && i === 0" scope="col" class="residual" :rowspan="form.firstValues - 1">{{ form.residual }}</th>
                <td v-if="form.across && i + 1 >= form.firstValues" class="residual">
                  <button v-for="one in residuals[form.id]['r' + (i + 1)]" type="button" :class="one.verdict" :aria-label="one.said"
                          @click="choose('findings.' + one.relation)">{{ one.text }}</button>
                </td>
              </tr>
              <tr v-if="form.down">
                <th scope="row" class="residual" :colspan="form.nLabels">{{ form.residual }}</th>
                <td v-for="n in form.nValues" class="residual">
                  <button v-for="one in residuals[form.id]['c' + (form.nLabels + n)]" type="button" :class="one.verdict" :aria-label="one.said"
                          @click="choose('findings.' + one.relation)">{{ one.text }}</button>
                </td>
                <td v-if="form.across" class="residual"></td>
              </tr>
            </tbody>
          </table>
        </div>
      </section>
    </div>`,
  props: { forms: Array, words: Object, first: Object },
  emits: ["choose"],
  data() {
    return { ...this.first };
  },
  mounted() { this.$nextTick(this.reveal); },
  methods: {
    // One cell of each table can be reached by Tab, the others from it by arrows.
    reachable(form) {
      return form.names[this.current] ? this.current : Object.keys(form.names)[0];
    },
    show(state) {
      Object.assign(this, state);
      this.$nextTick(this.reveal);
    },
    scope(place) {
      return { column_group: "colgroup", column: "col", caption: "colgroup", row_group: "rowgroup", row: "row" }[place.part];
    },
    label(form, slot) {
      const { text, said } = this.cells[slot];
      return `${form.names[slot]}: ${text ? text + ", " : ""}${said}`;
    },
    choose(subject) { this.$emit("choose", subject); },
    cell(slot) { return this.$el.querySelector(`[data-slot="${slot}"]`); },
    // Only the region of the tables is scrolled: the page itself would carry the question away.
    reveal() {
      const pane = this.$el.closest(".tables");
      const found = this.cell(this.current) ?? this.cell(this.related.at(-1)) // of a sum its total
        ?? pane?.querySelector(".report-figures .current"); // what the tables do not state
      if (!found || !pane || pane.scrollHeight <= pane.clientHeight) return;
      const [at, around] = [found.getBoundingClientRect(), pane.getBoundingClientRect()];
      pane.scrollTop += at.top - around.top - (around.height - at.height) / 2;
      const wide = found.closest(".scroll");
      if (!wide) return;
      const side = wide.getBoundingClientRect();
      if (at.left < side.left || side.right < at.right) wide.scrollLeft += at.left - side.left - side.width / 2;
    },
    walk(event, form, i, place) {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      const row = form.rows[i].filter((one) => one.slot);
      let next = null;
      if (event.key === "ArrowLeft") next = row[row.indexOf(place) - 1];
      if (event.key === "ArrowRight") next = row[row.indexOf(place) + 1];
      for (let at = i + step; step && !next && form.rows[at]; at += step) {
        next = form.rows[at].find((one) => one.slot && one.left <= place.left && place.left < one.left + one.span);
      }
      if (!next) return;
      event.preventDefault();
      event.stopPropagation();
      this.cell(next.slot)?.focus();
    },
  },
};
