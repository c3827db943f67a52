// A call of a tool that somebody has to allow, with its exact arguments; then what became of it.
import { h, setText } from "./dom.js";

export class PermissionView {
  constructor(act) {
    this.act = act;
    this.title = h("p", { dir: "auto" });
    this.arguments = h("pre", { tabIndex: 0, role: "region", "aria-label": "Arguments" });
    this.below = h("p", { className: "facts", dir: "auto" });
    this.actions = h("div", { className: "actions", role: "group", "aria-label": "Whether it may run" });
    this.element = h("section", { className: "answer permission", "aria-label": "A tool wants to run" },
      this.title, this.arguments, this.below, this.actions);
  }

  update(asked) {
    setText(this.title, asked.title);
    setText(this.arguments, asked.arguments);
    setText(this.below, asked.below);
    this.below.hidden = !asked.below;
    const key = JSON.stringify(asked.buttons);
    if (key === this.offered) return;
    this.offered = key;
    this.actions.replaceChildren(...asked.buttons.map((each) => this.button(each, asked.turn_id)));
    this.actions.hidden = asked.buttons.length === 0;
  }

  button({ action, label, value }, turnId) {
    const button = h("button", { type: "button", textContent: label, dataset: { action } });
    button.addEventListener("click", () => this.act(action, turnId, value));
    return button;
  }
}
