// A text box with suggestions from the server (ARIA 1.2 combobox with a listbox). Without this script it stays a text box.
// <div data-combobox data-url="/terms/" data-value-field="id_term">input + ul[role=listbox]</div>
(() => {
  const WAIT_MS = 200;
  const SHORTEST = 2;

  const start = (box) => {
    if (box.dataset.comboboxReady) return;
    box.dataset.comboboxReady = "true";
    const input = box.querySelector("input");
    const list = box.querySelector('[role="listbox"]');
    const value = box.dataset.valueField ? document.getElementById(box.dataset.valueField) : null;
    const status = document.querySelector(`[data-combobox-status="${input.id}"]`);
    let timer = null;
    let request = null;

    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("autocomplete", "off");

    const options = () => [...list.querySelectorAll('[role="option"]')];
    const active = () => list.querySelector('[aria-selected="true"]');
    const say = (text) => { if (status) status.textContent = text; };

    const close = () => {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const open = () => {
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
    };
    const point = (option) => {
      active()?.setAttribute("aria-selected", "false");
      if (!option) { input.removeAttribute("aria-activedescendant"); return; }
      option.setAttribute("aria-selected", "true");
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    };
    const choose = (option) => {
      input.value = option.dataset.text;
      if (value) value.value = option.dataset.value;
      close();
      say(`${option.dataset.text} chosen`);
      input.dispatchEvent(new Event("change", { bubbles: true })); // so that the draft is kept
      box.dispatchEvent(new CustomEvent("pv:chosen", { bubbles: true, detail: { value: option.dataset.value, text: option.dataset.text } }));
    };

    async function ask() {
      request?.abort();
      const text = input.value.trim();
      if (text.length < SHORTEST) { close(); say(""); return; }
      const mine = new AbortController();
      request = mine;
      try {
        const url = new URL(box.dataset.url, document.baseURI);
        url.searchParams.set("q", text);
        const response = await fetch(url, { headers: { "HX-Request": "true" }, credentials: "same-origin", redirect: "error", signal: mine.signal });
        if (!response.ok) throw new Error(`status ${response.status}`);
        const answer = await response.text();
        if (request !== mine || document.activeElement !== input) return;
        list.innerHTML = answer; // our own server's fragment, escaped by its template
        options().forEach((option, index) => { option.id = `${list.id}_${index}`; });
        const count = options().length;
        if (count) open(); else close();
        say(count ? `${count} suggestion${count === 1 ? "" : "s"}: arrow keys to move, Enter to take one` : "No suggestion: your own words are kept");
      } catch (error) {
        if (error.name === "AbortError") return;
        close();
        say("Suggestions are not available now: your own words are kept");
      }
    }

    input.addEventListener("input", () => {
      if (value) value.value = "";
      clearTimeout(timer);
      timer = setTimeout(ask, WAIT_MS);
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const all = options();
      const at = all.indexOf(active());
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) { ask(); return; }
        const next = event.key === "ArrowDown" ? (at + 1) % all.length : (at <= 0 ? all.length : at) - 1;
        point(all[next]);
      } else if (event.key === "Enter" && !list.hidden && active()) {
        event.preventDefault();
        choose(active());
      } else if (event.key === "Escape" && !list.hidden) {
        event.preventDefault();
        close();
      }
    });
    input.addEventListener("blur", () => {
      clearTimeout(timer);
      request?.abort();
      close();
    });
    list.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the focus in the box
    list.addEventListener("click", (event) => {
      const option = event.target.closest('[role="option"]');
      if (option) choose(option);
    });
  };

  const startAll = (root) => root.querySelectorAll("[data-combobox]").forEach(start);
  document.addEventListener("DOMContentLoaded", () => startAll(document));
  document.addEventListener("htmx:load", (event) => startAll(event.target));
})();
