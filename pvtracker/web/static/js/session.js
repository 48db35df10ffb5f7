// The session's clock in the page: warns before the end with a way to stay, and when it has ended lets the person sign
// in here, in a dialog, so that nothing typed is lost. The server decides; this only asks it.
(() => {
  const script = document.currentScript;
  const STATUS = script.dataset.session;
  const SIGN_IN = `${script.dataset.signIn}?next=${encodeURIComponent(STATUS)}`;
  const WARN_SECONDS = 120;
  const SURE_MS = 45000; // so long after an answer the session is taken to be open when a form is sent
  const IN_PLACE = { "X-Requested-With": "in-place" };
  let timer = null;
  let sureAt = Date.now();
  let waiting = null; // a form that is to be sent once the person is in again

  const ready = () => {
    const body = document.body;
    const warning = document.getElementById("session-warning");
    const dialog = document.getElementById("session-sign-in");
    const place = dialog.querySelector("[data-session-form]");
    const says = dialog.querySelector("[data-session-says]");
    const mine = body.dataset.account;

    const arm = (seconds) => {
      clearTimeout(timer);
      timer = setTimeout(look, Math.max(1, seconds - WARN_SECONDS) * 1000);
    };

    const ask = (method = "GET") => {
      const headers = { Accept: "application/json", ...IN_PLACE };
      if (method === "POST") headers["X-CSRFToken"] = JSON.parse(body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";
      return fetch(STATUS, { method, headers, credentials: "same-origin" });
    };

    const renew = (told) => {
      sureAt = Date.now();
      body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": told.csrf }));
      for (const input of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) input.value = told.csrf;
      arm(told.seconds);
    };

    async function look() {
      let answer;
      try {
        answer = await ask();
      } catch {
        timer = setTimeout(look, 15000);
        return;
      }
      if (answer.status === 401) return open();
      const told = await answer.json();
      if (told.account !== mine) return open();
      renew(told);
      if (told.seconds > WARN_SECONDS) return;
      clearTimeout(timer);
      timer = setTimeout(look, Math.max(1, told.seconds + 1) * 1000);
      const minutes = Math.max(1, Math.round(told.seconds / 60));
      warning.querySelector("[data-session-minutes]").textContent = minutes === 1 ? "1 minute" : `${minutes} minutes`;
      if (!warning.open && !dialog.open) warning.showModal();
    }

    warning.querySelector("[data-session-stay]").addEventListener("click", async () => {
      warning.close();
      const answer = await ask("POST").catch(() => null);
      if (answer?.ok) renew(await answer.json());
      else look();
    });

    async function open() {
      warning.close();
      if (dialog.open) return;
      dialog.showModal();
      await show(fetch(SIGN_IN, { headers: IN_PLACE, credentials: "same-origin" }));
    }

    async function show(request) {
      says.textContent = "";
      let answer;
      try {
        answer = await request;
      } catch {
        says.textContent = "No answer from the server. Your text is still on this page; try again.";
        return;
      }
      if ((answer.headers.get("Content-Type") ?? "").includes("application/json")) return done(await answer.json());
      if (!answer.ok && answer.status !== 401) {
        says.textContent = "This did not work. Your text is still on this page; try again.";
        return;
      }
      place.innerHTML = await answer.text();
      place.dispatchEvent(new CustomEvent("pv:fragment", { bubbles: true }));
      (place.querySelector("[autofocus]") ?? place.querySelector("input:not([type=hidden])"))?.focus();
    }

    const post = (form) => {
      const data = new URLSearchParams(new FormData(form));
      return show(fetch(form.action, { method: "POST", body: data, headers: IN_PLACE, credentials: "same-origin" }));
    };

    function done(told) {
      if (!told.signed_in) return void show(fetch(SIGN_IN, { headers: IN_PLACE, credentials: "same-origin" }));
      if (told.account !== mine) {
        place.replaceChildren();
        says.textContent = `You signed in as ${told.name}, but what is on this page was typed by somebody else. Copy what you need and reload the page.`;
        return;
      }
      renew(told);
      place.replaceChildren();
      dialog.close();
      document.dispatchEvent(new CustomEvent("pv:signed-in"));
      const [form, button] = waiting ?? [];
      waiting = null;
      if (form?.isConnected) form.requestSubmit(button ?? undefined);
    }

    place.addEventListener("submit", (event) => {
      if (event.defaultPrevented || event.target.matches("[data-passkey]")) return;
      event.preventDefault();
      post(event.target);
    });
    place.addEventListener("pv:passkey", (event) => {
      event.preventDefault();
      post(event.target);
    });
    dialog.addEventListener("cancel", (event) => event.preventDefault()); // Escape would leave a page that cannot save
    document.addEventListener("pv:signed-out", look);
    document.addEventListener("htmx:responseError", (event) => { if (event.detail.xhr.status === 401) look(); });

    // before a form leaves the page: is the session still open? After a refusal the page itself would be gone
    document.addEventListener("submit", async (event) => {
      const form = event.target;
      if (place.contains(form) || form.method !== "post" || Date.now() - sureAt < SURE_MS) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      waiting = [form, event.submitter];
      const answer = await ask().catch(() => null);
      if (answer && (answer.status === 401 || (await answer.clone().json()).account !== mine)) return open();
      if (answer?.ok) renew(await answer.json());
      else sureAt = Date.now(); // no answer: the browser says so better than we do
      waiting = null;
      form.requestSubmit(event.submitter ?? undefined);
    }, true);

    arm(Number(body.dataset.sessionLeft));
  };
  document.addEventListener("DOMContentLoaded", ready);
})();
