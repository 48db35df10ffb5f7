// One term is the same in every table and picture of the page: what is pointed at, or focused by keyboard, in one of them is
// marked in all of them. A row is found by its first cell, a mark of a chart by the term that it stands for.
(() => {
  let term = "";

  const termOfMark = (node) => node.__data__?.datum?.term; // Vega keeps the mark's datum at its element
  const termOfRow = (row) => row.querySelector(':scope > th[scope="row"]')?.textContent.trim();

  const termAt = (target) => {
    if (!(target instanceof Element)) return "";
    const row = target.closest(".pv-table tbody tr");
    return (row ? termOfRow(row) : target.closest(".pv-chart-drawing svg") && termOfMark(target)) || "";
  };

  const mark = (next) => {
    if (next === term) return;
    term = next;
    for (const node of document.querySelectorAll(".pv-brushed")) node.classList.remove("pv-brushed");
    for (const row of document.querySelectorAll(".pv-row-brushed")) row.classList.remove("pv-row-brushed");
    if (!term) return;
    let drawn = 0;
    for (const node of document.querySelectorAll(".pv-chart-drawing svg path")) {
      if (termOfMark(node) === term) { node.classList.add("pv-brushed"); drawn += 1; }
    }
    if (!drawn) return; // a table that no picture belongs to stays as it is
    for (const row of document.querySelectorAll(".pv-table tbody tr")) {
      if (termOfRow(row) === term) row.classList.add("pv-row-brushed");
    }
  };

  for (const event of ["pointerover", "focusin"]) document.addEventListener(event, (e) => mark(termAt(e.target)));
  document.addEventListener("focusout", () => mark(""));
})();
