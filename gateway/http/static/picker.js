// The preset picker: a list that is searched by typing and worked by keys.
import { $, h } from "./dom.js";

export class Picker {
  constructor(choose) {
    this.choose = choose;
    this.presets = null; // until the gateway has said which there are
    this.current = "";
    this.active = 0;
    this.dialog = $("picker");
    this.find = $("picker-find");
    this.list = $("picker-list");
    this.find.addEventListener("input", () => { this.active = 0; this.draw(); });
    this.find.addEventListener("keydown", (event) => this.key(event));
    this.dialog.addEventListener("click", (event) => { if (event.target === this.dialog) this.dialog.close(); });
  }

  open() {
    if (this.dialog.open) return;
    this.find.value = "";
    this.start();
    this.dialog.showModal();
    this.find.focus();
  }

  /** Take what there is; a list that is open already is filled. */
  update(presets) {
    const first = this.presets === null;
    this.presets = presets;
    if (this.dialog.open && first) this.start();
    else if (this.dialog.open) this.draw();
  }

  start() {
    this.active = Math.max(0, this.shown.findIndex((preset) => preset.name === this.current));
    this.draw();
  }

  get shown() {
    const wanted = this.find.value.trim().toLowerCase();
    const text = (preset) => `${preset.name} ${preset.references.join(" ")} ${preset.aggregator}`.toLowerCase();
    return (this.presets ?? []).filter((preset) => text(preset).includes(wanted));
  }

  draw() {
    const shown = this.shown;
    this.active = Math.min(this.active, Math.max(0, shown.length - 1));
    this.list.replaceChildren(...shown.map((preset, index) => this.option(preset, index)));
    if (!shown.length) this.list.append(h("li", { "aria-disabled": "true", role: "option", textContent: this.presets ? "No preset fits." : "Loading" }));
    const active = this.list.children[this.active];
    this.find.setAttribute("aria-activedescendant", shown.length ? active.id : "");
    active?.scrollIntoView({ block: "nearest" });
  }

  option(preset, index) {
    const advisors = preset.references.length ? `${preset.references.join(", ")} → ${preset.aggregator}` : `${preset.aggregator} alone`;
    const option = h("li", { id: `preset-${index}`, role: "option", "aria-selected": String(index === this.active) },
      h("b", { textContent: preset.name }),
      preset.name === this.current ? h("em", { textContent: "in force" }) : null,
      h("span", { textContent: advisors }),
      preset.missing ? h("span", { className: "missing", textContent: `Not available: ${preset.missing}` }) : null);
    if (preset.missing) option.setAttribute("aria-disabled", "true");
    option.addEventListener("click", () => this.take(preset));
    return option;
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const count = this.shown.length;
    if (step && count) {
      this.active = (this.active + step + count) % count;
      this.draw();
    } else if (event.key === "Enter") {
      this.take(this.shown[this.active]);
    } else {
      return;
    }
    event.preventDefault();
  }

  take(preset) {
    if (!preset || preset.missing) return;
    this.dialog.close();
    if (preset.name !== this.current) this.choose(preset.name);
  }
}
