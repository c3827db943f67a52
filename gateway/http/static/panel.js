// The reference panel: a row for each advisor, live, and from the end on its full text.
import { h, setBlocks, setText, sign } from "./dom.js";

export const landed = (row) => row.state !== "waiting" && row.state !== "writing";

export class PanelView {
  constructor() {
    this.title = h("h3", { className: "panel-title" });
    this.list = h("ol", { className: "rows" });
    this.element = h("section", { className: "panel", "aria-label": "Advisors" }, this.title, this.list);
    this.rows = new Map();
  }

  update(panel) {
    this.panel = panel;
    this.element.hidden = panel.detail === "off" || panel.rows.length === 0;
    this.list.hidden = panel.detail === "line";
    setText(this.title, this.headline(panel));
    for (const row of panel.rows) this.row(row, panel.detail === "full");
  }

  headline(panel) {
    const all = panel.rows.length;
    const good = panel.rows.filter((row) => row.state === "ok").length;
    const round = panel.round > 1 ? `, round ${panel.round}` : "";
    const advisors = `${all} ${all === 1 ? "advisor" : "advisors"}`;
    if (panel.settled) return `${good} of ${advisors} answered${round}`;
    return `Asking ${advisors}${round}: ${panel.rows.filter(landed).length} of ${all} in`;
  }

  row(row, open) {
    let view = this.rows.get(row.position);
    if (!view) {
      view = makeRow(row, open);
      this.rows.set(row.position, view);
      this.list.append(view.element);
    }
    updateRow(view, row);
  }

  /** Open every text, or close them all again. */
  toggle() {
    const all = [...this.rows.values()].filter((view) => view.details.isConnected).map((view) => view.details);
    const open = all.some((details) => !details.open);
    for (const details of all) details.open = open;
  }
}

function makeRow(row, open) {
  const node = h("span", { className: "node", "aria-hidden": "true" });
  const [provider, ...model] = row.label.split(":");
  const name = model.join(":") || provider;
  const who = h("span", { className: "who" }, name);
  const by = h("span", { className: "by", textContent: model.length ? provider : "" });
  const part = h("span", { className: "part" });
  const howElement = h("span", { className: "how" });
  const gist = h("span", { className: "gist", dir: "auto" });
  const more = h("span", { className: "more", textContent: "▸", "aria-hidden": "true", hidden: true });
  const head = h("div", { className: "head" }, who, by, part, howElement, more, gist);
  const prose = h("div", { className: "prose" });
  const summary = h("summary");
  const details = h("details", { open }, summary, h("div", { className: "full" }, prose));
  const element = h("li", { className: "row" }, node, head);
  return { element, node, head, how: howElement, gist, more, prose, summary, details, part };
}

function updateRow(view, row) {
  if (view.element.dataset.state !== row.state) {
    view.element.dataset.state = row.state;
    view.node.replaceChildren(sign(row.state));
  }
  setText(view.part, row.role);
  view.part.title = row.role;
  setText(view.how, row.said);
  setText(view.gist, row.gist);
  view.gist.hidden = !row.gist;
  // A row becomes something to open only when there is something to read.
  if (row.blocks.length > 0) {
    setBlocks(view.prose, row.blocks);
    if (!view.details.isConnected) {
      view.more.hidden = false;
      view.summary.append(view.head);
      view.element.append(view.details);
    }
  }
}
