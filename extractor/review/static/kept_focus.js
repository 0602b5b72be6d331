// Whoever filters, turns a page or changes the language stays on the control that did it, though the
// page is asked for anew.
{
  const PLACES = [".filters", ".tabs", ".pager", "nav.cards", ".switches"];
  const CONTROLS = "a[href], button, input, select";
  const DRAWN = /^c\d+$/; // an id that was given while the page was drawn, and is another's next time
  const KEY = "kept-focus";
  const PATIENCE_MS = 10000; // a page is drawn some time after it was loaded
  const wordsOf = (control) => control.textContent.trim();
  const isUnused = () => document.activeElement === document.body;

  const keep = (control) => {
    const kind = PLACES.find((one) => control?.closest(one));
    if (!kind) return;
    const place = control.closest(kind);
    const kept = {
      path: location.pathname, id: DRAWN.test(control.id) ? "" : control.id, words: wordsOf(control),
      kind, place: [...document.querySelectorAll(kind)].indexOf(place),
      number: [...place.querySelectorAll(CONTROLS)].indexOf(control),
    };
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  };
  document.addEventListener("submit", (event) => {
    const focused = document.activeElement;
    keep(event.target.contains(focused) ? focused : event.submitter);
  }, true);
  document.addEventListener("click", (event) => {
    const control = event.target.closest?.("a[href], [data-switch=language]");
    if (control && !event.ctrlKey && !event.metaKey && !event.shiftKey) keep(control);
  }, true);

  // The same control; where it has gone, the one that stands in its place.
  const find = ({ id, words, kind, place, number }) => {
    const there = document.querySelectorAll(kind)[place];
    if (!there) return null;
    if (id) return document.getElementById(id);
    const controls = [...there.querySelectorAll(CONTROLS)];
    return controls.find((one) => words && wordsOf(one) === words) ?? controls[number] ?? controls.at(-1);
  };
  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  sessionStorage.removeItem(KEY);
  if (kept?.path === location.pathname) {
    const seeker = new MutationObserver(() => {
      const control = isUnused() ? find(kept) : null;
      if (!control && isUnused()) return;
      seeker.disconnect();
      // After a page was turned one reads from its top.
      control?.focus({ preventScroll: control.closest(".pager") !== null });
    });
    seeker.observe(document, { childList: true, subtree: true });
    setTimeout(() => seeker.disconnect(), PATIENCE_MS);
  }
}
