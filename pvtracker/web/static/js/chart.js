// Draws charts with Vega under a strict content security policy: expressions are interpreted, never evaluated as code.
// <div data-chart="id of a script type=application/json"> or <div data-chart-url="/…json">. The bundle is fetched only when
// a page has a chart. Colours and type come from the tokens, so a chart follows the theme.
(() => {
  const bundle = document.currentScript.dataset.bundle;
  const OPTIONS = { ast: true, renderer: "svg", actions: false, defaultStyle: false, tooltip: { disableDefaultStyle: true } };
  const drawn = new Map(); // place -> what vegaEmbed returned
  let loading = null;

  const loadVega = () => (loading ??= import(bundle).then(() => window.vegaEmbed));

  // SVG takes the token itself, so a drawn chart follows theme and paper without being drawn again.
  const colour = (name) => `var(--pv-${name})`;

  const config = () => {
    const ink = colour("ink");
    const soft = colour("ink-soft");
    const rule = colour("rule");
    const font = "IBM Plex Sans, sans-serif";
    return {
      background: "transparent", font,
      view: { stroke: null },
      axis: { labelColor: soft, titleColor: ink, gridColor: rule, domainColor: colour("edge"), tickColor: colour("edge"),
        labelFontSize: 12, titleFontSize: 12, titleFontWeight: 600 },
      legend: { labelColor: ink, titleColor: ink, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 600 },
      header: { labelColor: ink, titleColor: ink },
      title: { color: ink, subtitleColor: soft, fontWeight: 600, fontSize: 13, anchor: "start" },
      mark: { color: colour("data-1") }, text: { color: ink }, rule: { color: soft },
      range: { category: [1, 2, 3, 4, 5].map((n) => colour(`data-${n}`)) },
      style: { "guide-label": { font }, "guide-title": { font } },
    };
  };

  async function readSpec(place) {
    if (place.dataset.chart) return JSON.parse(document.getElementById(place.dataset.chart).textContent);
    const response = await fetch(place.dataset.chartUrl, { credentials: "same-origin", redirect: "error" });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return response.json();
  }

  async function draw(place) {
    const status = place.querySelector("[data-chart-status]") ?? document.createElement("p");
    try {
      status.textContent = "Drawing the chart …";
      const [embed, spec] = await Promise.all([loadVega(), readSpec(place)]);
      const composed = ["hconcat", "vconcat", "concat", "facet", "repeat"].some((key) => key in spec)
        || ["row", "column", "facet"].some((key) => key in (spec.encoding ?? {}));
      if (!composed && !("width" in spec)) spec.width = "container";
      drawn.set(place, await embed(place, { ...spec, autosize: spec.autosize ?? { type: "fit-x", contains: "padding" } },
        { ...OPTIONS, config: { ...config(), ...(spec.config ?? {}) } }));
    } catch (error) {
      status.textContent = "The chart could not be drawn; its numbers are in the table below. Reload the page to try again.";
      if (!place.contains(status)) place.replaceChildren(status);
      console.error(`Chart not drawn: ${error.message}`);
    }
  }

  const startAll = (root) => {
    for (const place of root.querySelectorAll("[data-chart], [data-chart-url]")) {
      if (place.dataset.chartReady) continue;
      place.dataset.chartReady = "true";
      draw(place);
    }
  };
  document.addEventListener("DOMContentLoaded", () => startAll(document));
  document.addEventListener("htmx:load", (event) => startAll(event.target));
  document.addEventListener("htmx:beforeCleanupElement", (event) => {
    for (const [place, view] of drawn) if (event.target.contains(place)) { view.finalize(); drawn.delete(place); }
  });
})();
