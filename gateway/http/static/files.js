// Files that go along with the next question: chosen, dropped or pasted. They leave with it.
import { $, h } from "./dom.js";

const MOST = 20;
const LARGEST = 20 * 1024 * 1024;
const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1024))} kB` : `${(bytes / 1048576).toFixed(1)} MB`);

export class Files {
  constructor({ changed, complain }) {
    this.files = [];
    this.list = $("attached");
    this.act = { changed, complain };
    const choose = $("files");
    $("attach").addEventListener("click", () => choose.click());
    choose.addEventListener("change", () => { this.add(choose.files); choose.value = ""; });
    addEventListener("paste", (event) => this.came(event, event.clipboardData));
    addEventListener("dragover", (event) => { if (this.holds(event.dataTransfer)) this.over(event, true); });
    addEventListener("dragleave", (event) => { if (!event.relatedTarget) this.over(event, false); });
    addEventListener("drop", (event) => { this.over(event, false); this.came(event, event.dataTransfer); });
  }

  holds(data) { return [...(data?.types ?? [])].includes("Files"); }

  over(event, here) {
    if (this.holds(event.dataTransfer)) event.preventDefault();
    $("composer").toggleAttribute("data-over", here);
  }

  came(event, data) {
    if (!data?.files.length) return;
    event.preventDefault();
    this.add(data.files);
  }

  add(files) {
    const fit = [...files].filter((file) => file.size <= LARGEST);
    const room = MOST - this.files.length;
    const large = [...files].find((file) => file.size > LARGEST);
    this.files.push(...fit.slice(0, room));
    if (large) this.act.complain(`${large.name} is larger than 20 MB.`);
    else this.act.complain(fit.length > room ? `${MOST} files at most go along with a question.` : "");
    this.draw();
  }

  /** Give the files and forget them. */
  take() {
    const taken = this.files;
    this.files = [];
    this.draw();
    return taken;
  }

  get any() { return this.files.length > 0; }

  draw() {
    this.list.replaceChildren(...this.files.map((file) => this.chip(file)));
    this.list.hidden = !this.any;
    this.act.changed();
  }

  chip(file) {
    const drop = h("button", { type: "button", textContent: "✕", "aria-label": `Remove ${file.name}` });
    drop.addEventListener("click", () => {
      this.files = this.files.filter((each) => each !== file);
      this.draw();
      $("question").focus();
    });
    return h("li", {}, h("b", { textContent: file.name, dir: "auto" }), h("span", { textContent: size(file.size) }), drop);
  }
}
