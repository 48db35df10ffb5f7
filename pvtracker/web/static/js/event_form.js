// Beside the description: says which term it is coded to, and takes that back when the words are changed by hand.
(() => {
  const start = () => {
    const line = document.querySelector("[data-coded-term]");
    const box = line?.parentElement.querySelector("[data-combobox]");
    if (!line || !box) return;
    const plain = "Not coded: take a suggestion, or leave the coding to later.";
    box.addEventListener("pv:chosen", (event) => {
      const option = [...box.querySelectorAll('[role="option"]')].find((one) => one.dataset.value === event.detail.value);
      const path = option?.querySelector(".pv-option-sub")?.textContent;
      line.textContent = `Coded as ${path || event.detail.text}`;
    });
    box.querySelector("input").addEventListener("input", () => { line.textContent = plain; });
  };
  document.addEventListener("DOMContentLoaded", start);
})();
