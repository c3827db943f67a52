// The list of conversations: a column where there is room, a drawer where there is not.
import { $, h } from "./dom.js";

const narrow = matchMedia("(max-width: 860px)");

export class Sidebar {
  constructor({ open, begin }) {
    this.act = open;
    this.side = $("side");
    $("side-open").addEventListener("click", () => this.slide(true));
    $("side-close").addEventListener("click", () => this.slide(false));
    $("veil").addEventListener("click", () => this.slide(false));
    $("new").addEventListener("click", () => { this.slide(false); begin(); });
    // Before anybody else hears it: here Escape closes the list and stops no turn.
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.isOpen) return;
      event.stopImmediatePropagation();
      this.slide(false);
    }, { capture: true });
    narrow.addEventListener("change", () => this.slide(false));
    this.slide(false);
  }

  get isOpen() { return "open" in this.side.dataset; }

  slide(open) {
    const was = this.isOpen;
    if (open) this.side.dataset.open = "";
    else delete this.side.dataset.open;
    $("veil").hidden = !open;
    this.side.inert = narrow.matches && !open;
    $("side-open").setAttribute("aria-expanded", String(open));
    if (open) $("side-close").focus();
    else if (was) $("side-open").focus();
  }

  show(conversations, current) {
    const items = conversations.map((each) => {
      const button = h("button", { type: "button", textContent: each.title || "Untitled", title: each.title, dir: "auto" });
      if (each.id === current) button.setAttribute("aria-current", "page");
      button.addEventListener("click", () => { this.slide(false); this.act(each.id); });
      return h("li", {}, button);
    });
    const nothing = h("li", {}, h("p", { textContent: "Nothing here yet." }));
    $("conversations").replaceChildren(...(items.length ? items : [nothing]));
  }
}
