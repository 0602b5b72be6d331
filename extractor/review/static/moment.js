// A moment, as the clock of whoever looks shows it.
const two = (number) => String(number).padStart(2, "0");

export default {
  template: `<time :datetime="at">{{ shown }}</time>`,
  props: { at: String },
  computed: {
    shown() {
      const moment = new Date(this.at);
      const day = [moment.getFullYear(), two(moment.getMonth() + 1), two(moment.getDate())].join("-");
      return `${day} ${two(moment.getHours())}:${two(moment.getMinutes())}`;
    },
  },
};
