// A form whose answer is the same page with what was asked for in its address; what is empty is not.
export default {
  template: `
    <form class="filters" method="get" role="search" :aria-label="label" @submit.prevent="ask">
      <slot></slot>
    </form>`,
  props: { label: String },
  methods: {
    ask(event) {
      const asked = new URLSearchParams(
        [...new FormData(event.target)].filter(([, value]) => value.trim()),
      );
      location.assign(`${location.pathname}${asked.size ? `?${asked}` : ""}`);
    },
  },
};
