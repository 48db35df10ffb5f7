// Light, dark or as the system: loaded before the style sheets, so the page never flashes in the wrong theme.
(() => {
  const KEY = "pvtracker-theme";
  const CHOICES = ["system", "light", "dark"];
  const root = document.documentElement;

  const stored = () => {
    try { return localStorage.getItem(KEY); } catch { return null; } // storage may be forbidden: then system
  };
  const show = (choice) => {
    if (choice === "system") root.removeAttribute("data-theme");
    else root.dataset.theme = choice;
  };
  let choice = CHOICES.includes(stored()) ? stored() : "system";
  show(choice);

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      const label = button.querySelector("[data-theme-label]") ?? button;
      const say = () => { label.textContent = `Theme: ${choice}`; };
      say();
      button.hidden = false;
      button.addEventListener("click", () => {
        choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length];
        try { localStorage.setItem(KEY, choice); } catch { /* the choice then lasts for this page only */ }
        show(choice);
        say();
      });
    }
  });
})();
