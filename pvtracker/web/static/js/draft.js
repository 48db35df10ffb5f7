// Keeps what is being typed on the server: a form with data-draft-url is posted there at most three seconds after a
// change, and at once when the person leaves a field, the tab or the page. Nothing is stored in the browser.
(() => {
  const WAIT_MS = 2000;
  const RETRY_MS = 10000;
  const LIMIT = 100000; // characters of one field that a draft keeps, as the server counts them
  const KEEPALIVE_LIMIT = 60000; // browsers refuse more than 64 kB

  // Cuts what is too long before it is sent: a request of that size would be refused as a whole. True when it did.
  const shorten = (data) => {
    let cut = false;
    for (const [name, value] of [...data]) {
      if (typeof value !== "string" || value.length <= LIMIT) continue;
      const kept = [...value.slice(0, 2 * LIMIT)].slice(0, LIMIT).join("");
      if (kept.length === value.length) continue;
      data.set(name, kept);
      cut = true;
    }
    return cut;
  };

  const start = (form) => {
    if (form.dataset.draftReady) return;
    form.dataset.draftReady = "true";
    const line = document.querySelector(`[data-draft-status="${form.id}"]`) ?? form.querySelector("[data-draft-status]");
    let timer = null;
    let changed = false;
    let saving = false;
    let request = null;
    let failing = false;
    let submitted = false;
    let renewed = false; // signed in again while a draft was on its way: that one may be refused, the next is not

    const say = (state, text) => {
      if (!line) return;
      line.dataset.state = state;
      line.querySelector("[data-draft-text]").textContent = text;
    };
    const later = (wait) => {
      clearTimeout(timer);
      timer = setTimeout(save, wait);
    };

    async function save({ leaving = false } = {}) {
      clearTimeout(timer);
      timer = null;
      if (!changed || submitted || (saving && !leaving)) return;
      changed = false;
      saving = true;
      request?.abort(); // leaving while an older text is on its way: the newer one must be the last to arrive
      const mine = new AbortController();
      request = mine;
      say("saving", "Saving draft …");
      const data = new FormData(form);
      for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
      const cut = shorten(data);
      const body = new URLSearchParams(data).toString();
      try {
        const response = await fetch(form.dataset.draftUrl, {
          method: "POST",
          body,
          headers: {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-CSRFToken": data.get("csrfmiddlewaretoken") ?? "",
            "X-Requested-With": "draft",
            "X-Account": document.body.dataset.account ?? "",
          },
          credentials: "same-origin",
          keepalive: leaving && body.length < KEEPALIVE_LIMIT, // the browser then finishes it after the page is gone
          signal: mine.signal,
          redirect: "error",
        });
        if ([401, 403].includes(response.status)) document.dispatchEvent(new CustomEvent("pv:signed-out"));
        if (!response.ok) throw new Error(`status ${response.status}`);
        failing = false;
        const time = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
        if (!changed) say(cut ? "failed" : "saved", cut ? `Draft saved ${time}, but only the first ${LIMIT.toLocaleString("en-GB")} characters of a text that is too long.` : `Draft saved ${time}`);
        document.dispatchEvent(new CustomEvent("pv:draft-saved", { detail: { form } }));
      } catch {
        if (request !== mine || submitted) return;
        changed = failing = true;
        say("failed", "Draft not saved: no answer from the server, or you were signed out. Your text is still on this page; trying again.");
        later(renewed ? 0 : RETRY_MS);
      } finally {
        if (request === mine) saving = renewed = false;
        if (!saving && changed && timer === null) later(WAIT_MS);
      }
    }

    const noticeChange = () => {
      changed = true;
      if (failing) later(WAIT_MS); // the failure stays in sight until a draft is saved
      else if (timer === null && !saving) {
        say("waiting", "Changes not saved yet");
        later(WAIT_MS); // counted from the first change, so long typing cannot put it off
      }
    };
    document.addEventListener("pv:signed-in", () => {
      renewed = saving;
      if (changed) later(0);
    });
    form.addEventListener("input", noticeChange);
    form.addEventListener("change", noticeChange);
    form.addEventListener("focusout", () => { if (changed) later(300); });
    form.addEventListener("submit", () => {
      submitted = true;
      clearTimeout(timer);
      request?.abort(); // a draft must not arrive after what was sent
    });
    window.addEventListener("pageshow", () => { submitted = false; });
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") save({ leaving: true }); });
    window.addEventListener("blur", () => save());
    window.addEventListener("pagehide", () => save({ leaving: true }));
  };

  const startAll = (root) => root.querySelectorAll("form[data-draft-url]").forEach(start);
  document.addEventListener("DOMContentLoaded", () => startAll(document));
  document.addEventListener("htmx:load", (event) => startAll(event.target));
})();
