// Asks before something that is not done lightly; "confirmed" says about what it was asked.
export default {
  template: `
    <dialog ref="dialog" class="confirm" :aria-labelledby="name" @close="answer">
      <form method="dialog">
        <p :id="name">{{ text }}</p>
        <div class="actions">
          <button value="" autofocus>{{ words.no }}</button>
          <button value="yes" :class="isDangerous ? 'danger' : 'main'">{{ words.yes }}</button>
        </div>
      </form>
    </dialog>`,
  props: { name: String, words: Object, isDangerous: Boolean },
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
