// One document of a list. All words come with the row; what is in the slot is when it came.
// Whoever works with the keyboard stays where they are when the row changes or goes.
const CONTROLS = "a[href], button";

export default {
  template: `
    <tr>
      <th scope="row" class="file">
        <a v-if="row.href" :href="row.href">{{ row.name }}</a>
        <template v-else>{{ row.name }}</template>
      </th>
      <td>{{ row.organization }}</td>
      <td class="number">{{ row.year }}</td>
      <td class="state">
        <span class="tag" :class="row.look">{{ row.state }}</span>
        <progress v-if="row.share !== null" :value="row.share" max="1" :aria-label="row.name"></progress>
        <p class="note" :class="{ problem: row.isBad }">{{ row.note }}</p>
        <details v-if="row.detail">
          <summary>{{ row.more }}</summary>
          <p lang="en">{{ row.detail }}</p>
        </details>
      </td>
      <td class="number">{{ row.toAnswer }}</td>
      <td class="number">{{ row.findings }}</td>
      <td class="when"><slot></slot></td>
      <td class="what"><div>
        <a v-for="link in row.links" :key="link.href" :href="link.href" :class="{ button: link.isMain }"
           :download="link.isFile ? '' : null">{{ link.text }}<span class="sr-only">{{ ' ' + row.name }}</span></a>
        <button v-for="action in row.actions" :key="action.name" type="button" class="plain"
                :class="{ danger: action.isDanger }" @click="$emit('act', action.name)"
                >{{ action.text }}<span class="sr-only">{{ ' ' + row.name }}</span></button>
      </div></td>
    </tr>`,
  props: { row: Object },
  emits: ["act"],
  beforeUpdate() {
    this.hadFocus = this.$el.contains(document.activeElement);
  },
  updated() {
    if (this.hadFocus && !this.$el.contains(document.activeElement)) {
      this.$el.querySelector(".what").querySelector(CONTROLS)?.focus();
    }
  },
  beforeUnmount() {
    if (!this.$el.contains(document.activeElement)) return;
    const near = this.$el.nextElementSibling ?? this.$el.previousElementSibling;
    near?.querySelector(CONTROLS)?.focus();
  },
};
