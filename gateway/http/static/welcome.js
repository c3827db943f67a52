// What a newcomer sees: what this is, what is being fetched, honest notes, questions to start with.
import { $, h, setText } from "./dom.js";

const MB = 1024 * 1024;
const size = (bytes) => (bytes < MB ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / MB).toFixed(bytes < 10 * MB ? 1 : 0)} MB`);

export class Welcome {
  constructor({ ask, choose }) {
    this.act = { ask, choose };
    this.root = $("welcome");
    this.loading = h("div", { className: "note", hidden: true });
    this.bars = new Map();
    this.rest = h("div");
    this.starters = h("ul", { className: "starters", "aria-label": "Questions to start with" });
    this.root.append(
      h("h2", { textContent: "Ask several models at once, and read one answer." }),
      h("p", { className: "lead", textContent: "Your question goes to a panel of advisors. You see what each of them wrote; one more model weighs it all and answers." }),
      this.loading, this.starters, this.rest);
  }

  update(status) {
    this.showLoading(status);
    const key = JSON.stringify([status.notice, status.offers, status.starters]);
    if (key === this.key) return;
    this.key = key;
    this.starters.replaceChildren(...status.starters.map((text) => {
      const button = h("button", { type: "button", textContent: text, dir: "auto" });
      button.addEventListener("click", () => this.act.ask(text));
      return h("li", {}, button);
    }));
    this.rest.replaceChildren(...[this.notice(status.notice), this.offers(status.offers)].filter(Boolean));
  }

  showLoading(status) {
    const busy = status.loading.length > 0 || !status.ready;
    this.loading.hidden = !busy;
    if (!busy) return;
    if (!this.heading) {
      this.heading = h("h3");
      this.items = h("div");
      this.loading.append(this.heading, this.items);
    }
    setText(this.heading, status.loading.length ? "Getting ready" : status.reason || "Not ready yet");
    const now = new Set(status.loading.map((each) => each.name));
    for (const [name, bar] of this.bars) {
      if (now.has(name)) continue;
      bar.element.remove();
      this.bars.delete(name);
    }
    for (const each of status.loading) this.bar(each);
  }

  bar({ name, step, done, total }) {
    let bar = this.bars.get(name);
    if (!bar) {
      const progress = h("progress", { "aria-label": name });
      const text = h("p");
      bar = { element: h("div", {}, progress, text), progress, text };
      this.bars.set(name, bar);
      this.items.append(bar.element);
    }
    if (total) Object.assign(bar.progress, { max: total, value: done });
    else bar.progress.removeAttribute("value");
    const amount = total ? `: ${size(done)} of ${size(total)}` : done ? `: ${size(done)}` : "";
    setText(bar.text, `${name}, ${step}${amount}`);
  }

  notice(text) {
    return text && h("div", { className: "note" }, h("h3", { textContent: "Good to know" }), h("p", { textContent: text }));
  }

  offers(offers) {
    if (!offers.length) return null;
    const items = offers.map((offer) => {
      const button = offer.preset && h("button", { type: "button", textContent: "Use it", "aria-label": `Use ${offer.title}` });
      if (button) button.addEventListener("click", () => this.act.choose(offer.preset));
      return h("li", {}, h("div", {}, h("b", { textContent: offer.title }), h("span", { textContent: offer.text })), button || null);
    });
    return h("div", { className: "note" }, h("h3", { textContent: "Better models for you" }), h("ul", { className: "offers" }, ...items));
  }
}
