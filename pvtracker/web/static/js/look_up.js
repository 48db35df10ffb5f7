// Names found by a combobox, written into a text area: on a line of their own, or into the line of the cursor.
// <div data-look-up="id_terms" [data-within] hidden> a combobox </div>; <div data-sets="id_level"> a combobox </div> sets that field.
(() => {
  const ownLine = (area, name) => {
    const lines = area.value.split("\n").map((line) => line.trim()).filter(Boolean);
    if (!lines.some((line) => line.toLowerCase() === name.toLowerCase())) lines.push(name);
    area.value = lines.join("\n");
  };
  const withinLine = (area, name) => {
    const lines = area.value.split("\n");
    const at = area.value.slice(0, area.selectionEnd ?? area.value.length).split("\n").length - 1;
    const [head, ...rest] = lines[at].split("=");
    const names = rest.join("=").split(";").map((one) => one.trim()).filter(Boolean);
    if (!names.some((one) => one.toLowerCase() === name.toLowerCase())) names.push(name);
    lines[at] = `${head.trim()} = ${names.join("; ")}`.trimStart();
    area.value = lines.join("\n");
    const end = lines.slice(0, at + 1).join("\n").length;
    area.setSelectionRange(end, end);
  };

  document.querySelectorAll("[data-look-up]").forEach((box) => {
    const area = document.getElementById(box.dataset.lookUp);
    const input = box.querySelector("input");
    box.hidden = false;
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); }); // it sends no form
    box.addEventListener("pv:chosen", (event) => {
      (box.hasAttribute("data-within") ? withinLine : ownLine)(area, event.detail.text);
      input.value = "";
      area.dispatchEvent(new Event("input", { bubbles: true }));
    });
  });
  document.querySelectorAll("[data-sets]").forEach((box) => {
    box.addEventListener("pv:chosen", (event) => { document.getElementById(box.dataset.sets).value = event.detail.value; });
  });
})();
