// Asks before something that cannot be undone; "confirmed" says about what it was asked.
export default {
  template: `
    <dialog ref="dialog" class="confirm" aria-labelledby="confirm-text" @close="answer">
      <form method="dialog">
        <p id="confirm-text">{{ text }}</p>
        <div class="actions">
          <button value="" autofocus>{{ words.no }}</button>
          <button value="yes" class="danger">{{ words.yes }}</button>
        </div>
      </form>
    </dialog>`,
  props: { words: Object },
  emits: ["confirmed"],
  data: () => ({ text: "", about: "" }),
  methods: {
    ask(text, about) {
      this.text = text;
      this.about = about;
      this.$refs.dialog.returnValue = "";
      this.$refs.dialog.showModal();
    },
    answer() {
      if (this.$refs.dialog.returnValue === "yes") this.$emit("confirmed", this.about);
    },
  },
};
