// Length of a text while it is typed: <p data-counter-for="id_narrative" data-counter-limit="4000">.
(() => {
  const start = (line) => {
    const field = document.getElementById(line.dataset.counterFor);
    const limit = Number(line.dataset.counterLimit);
    if (!field || !limit || line.dataset.counterReady) return;
    line.dataset.counterReady = "true";
    const say = () => {
      // As the server and the database count: characters, not UTF-16 units, in the normal form that is stored.
      const length = [...field.value.replace(/\r\n?/g, "\n").normalize("NFC")].length;
      const over = length > limit;
      line.dataset.over = String(over);
      line.textContent = over
        ? `${length - limit} characters too many (limit ${limit})`
        : `${length} of ${limit} characters`;
    };
    field.addEventListener("input", say);
    say();
  };
  const startAll = (root) => root.querySelectorAll("[data-counter-for]").forEach(start);
  document.addEventListener("DOMContentLoaded", () => startAll(document));
  document.addEventListener("htmx:load", (event) => startAll(event.target));
})();
