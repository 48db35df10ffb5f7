// Length of a text while it is typed: <p data-counter-for="id_narrative" data-counter-limit="4000">.
(() => {
  const start = (line) => {
    const field = document.getElementById(line.dataset.counterFor);
    const limit = Number(line.dataset.counterLimit);
    if (!field || !limit || line.dataset.counterReady) return;
    line.dataset.counterReady = "true";
    const say = () => {
      // Servers count a line end as two characters (CR LF), as the browser sends it.
      const length = [...field.value.replace(/\r?\n/g, "\r\n")].length;
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
