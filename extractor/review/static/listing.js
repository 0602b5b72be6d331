// A table of values: what can be long, and is only shown.
export default {
  template: `
    <div class="scroll listing" tabindex="0" role="region" :aria-label="label">
      <table class="list">
        <thead>
          <tr>
            <th v-for="(column, i) in columns" :key="i" scope="col" :title="column.title || null"
                :class="{ number: column.number }">{{ column.text }}</th>
          </tr>
        </thead>
        <tbody>
          <tr v-for="(row, r) in rows" :key="r">
            <component :is="columns[i].head ? 'th' : 'td'" v-for="(cell, i) in row" :key="i"
                       :scope="columns[i].head ? 'row' : null"
                       :class="[cell.look, { number: columns[i].number, words: columns[i].words }]"
                       :style="columns[i].words ? { minWidth: columns[i].words + 'em' } : null">
              <a v-if="cell.href" :href="cell.href">{{ cell.text }}</a>
              <span v-else-if="cell.tag" class="tag" :class="cell.tag">{{ cell.text }}</span>
              <template v-else>{{ cell.text }}</template>
              <time v-if="cell.time" :datetime="cell.time">{{ local(cell.time) }}</time>
              <span v-if="cell.note" class="note">{{ cell.note }}</span>
            </component>
          </tr>
        </tbody>
      </table>
    </div>`,
  props: { label: String, columns: Array, rows: Array },
  methods: {
    local(moment) {
      const form = { dateStyle: "medium", timeStyle: "short" };
      return new Date(moment).toLocaleString(document.documentElement.lang, form);
    },
  },
};
