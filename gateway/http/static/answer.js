// A part of the answer: its text as it comes, then what it took and what can be done with it.
import { copy, h, setBlocks, setText } from "./dom.js";

export class PartView {
  constructor(act) {
    this.act = act;
    this.prose = h("div", { className: "prose" });
    this.error = h("p", { className: "wrong", hidden: true });
    this.facts = h("p", { className: "facts", hidden: true });
    this.notes = h("p", { className: "notes", hidden: true });
    this.actions = h("div", { className: "actions", role: "group", "aria-label": "What to do with this answer", hidden: true });
    this.element = h("section", { className: "answer", "aria-label": "Answer" },
      this.prose, this.error, this.facts, this.notes, this.actions);
  }

  update(part) {
    this.part = part;
    this.element.classList.toggle("streaming", part.streaming);
    setBlocks(this.prose, part.blocks);
    setText(this.error, part.error ?? "");
    this.error.hidden = !part.error;
    this.error.classList.toggle("mild", part.stopped);
    this.showFooter(part.footer);
    this.showActions(part);
  }

  showFooter(footer) {
    this.facts.hidden = !footer;
    this.notes.hidden = !footer?.notes.length;
    if (!footer) return;
    this.facts.replaceChildren(...footer.facts.map((text) => h("span", { textContent: text })));
    setText(this.notes, footer.notes.join(" "));
  }

  showActions(part) {
    const offered = part.buttons.filter((button) => button.action !== "stop");
    const key = JSON.stringify([offered, part.streaming]);
    if (key === this.offered) return;
    this.offered = key;
    const buttons = offered.map((button) => this.button(button));
    if (!part.streaming && part.text) buttons.unshift(this.copyButton());
    this.actions.replaceChildren(...buttons);
    this.actions.hidden = buttons.length === 0;
  }

  copyButton() {
    const button = h("button", { type: "button", textContent: "Copy" });
    button.addEventListener("click", () => copy(button, this.part.text));
    return button;
  }

  button({ action, label }) {
    const button = h("button", { type: "button", textContent: label, dataset: { action } });
    button.addEventListener("click", () => {
      if (action === "remove" && !button.classList.contains("sure")) return makeSure(button, label);
      if (action === "up" || action === "down") this.vote(button);
      return this.act(action, this.part.turn_id);
    });
    return button;
  }

  vote(pressed) {
    for (const each of this.actions.querySelectorAll("[data-action=up], [data-action=down]")) {
      each.setAttribute("aria-pressed", String(each === pressed));
    }
  }
}

function makeSure(button, label) {
  button.classList.add("sure");
  button.textContent = "Remove for good?";
  setTimeout(() => {
    button.classList.remove("sure");
    button.textContent = label;
  }, 4000);
}
