// Draws charts with Vega under a strict content security policy: expressions are interpreted, never evaluated as code.
// <div data-chart="id of a script type=application/json"> or <div data-chart-url="/…json">. The bundle is fetched only when
// a page has a chart. Colours and type come from the tokens, so a chart follows the theme.
(() => {
  const bundle = document.currentScript.dataset.bundle;
  const OPTIONS = { ast: true, renderer: "svg", actions: false, defaultStyle: false, logLevel: 1, tooltip: { disableDefaultStyle: true } };
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
        labelFontSize: 12, titleFontSize: 12, titleFontWeight: 600, labelSeparation: 6 },
      legend: { labelColor: ink, titleColor: ink, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 600 },
      header: { labelColor: ink, titleColor: ink },
      title: { color: ink, subtitleColor: soft, fontWeight: 600, fontSize: 13, anchor: "start" },
      mark: { color: colour("data-1") }, text: { color: ink }, rule: { color: soft },
      range: { category: [1, 2, 3, 4, 5].map((n) => colour(`data-${n}`)) },
      style: { "guide-label": { font }, "guide-title": { font } },
    };
  };

  /** Two styles of the same shape as one: where a value differs it becomes light-dark(), which follows theme and paper. */
  const bothThemes = (light, dark) => {
    if (typeof light === "string" && typeof dark === "string") return light === dark ? light : `light-dark(${light}, ${dark})`;
    if (Array.isArray(light)) return light.map((value, index) => bothThemes(value, dark[index]));
    if (light && typeof light === "object") return Object.fromEntries(Object.entries(light).map(([key, value]) => [key, bothThemes(value, dark[key])]));
    return light;
  };

  async function readSpec(place) {
    const id = place.dataset.chart ?? place.dataset.pvChart; // the report's blocks say data-pv-chart
    if (id) return JSON.parse(document.getElementById(id).textContent);
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
      if (!composed && !("width" in spec)) {
        const least = spec.usermeta?.leastWidth ?? 0; // below it the place scrolls sideways
        spec.width = place.clientWidth < least ? least : "container";
        spec.autosize ??= { type: "fit-x", contains: "padding" };
      }
      const themes = document.getElementById("pv-chart-themes"); // a report brings its own style, once per theme
      if (themes) {
        const { light, dark } = JSON.parse(themes.textContent);
        spec.config = bothThemes(light, dark);
      }
      spec.config ??= config();
      // thousands of marks are no reading: the chart is one picture with a description, and its table follows
      spec.config = { ...spec.config, mark: { ...spec.config.mark, aria: false } };
      drawn.set(place, await embed(place, spec, OPTIONS));
      if (place.scrollWidth > place.clientWidth) place.tabIndex = 0; // what scrolls sideways must be reachable by keyboard
    } catch (error) {
      status.textContent = "The chart could not be drawn; its numbers are in the table below. Reload the page to try again.";
      if (!place.contains(status)) place.replaceChildren(status);
      console.error(`Chart not drawn: ${error.message}`);
    }
  }

  const startAll = (root) => {
    for (const place of root.querySelectorAll("[data-chart], [data-pv-chart], [data-chart-url]")) {
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
