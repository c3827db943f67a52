// Where people write. A text leaves it only to come back if it could not be sent.
import { $ } from "./dom.js";
import { Files } from "./files.js";

export class Composer {
  constructor({ send, lastQuestion }) {
    this.field = $("question");
    this.button = $("send");
    this.wrong = $("wrong");
    this.act = { send, lastQuestion };
    this.files = new Files({ changed: () => this.fit(), complain: (text) => this.complain(text) });
    $("composer").addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    this.field.addEventListener("input", () => this.fit());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.fit();
  }

  key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "ArrowUp" && !this.field.value && this.act.lastQuestion()) {
      event.preventDefault();
      this.put(this.act.lastQuestion());
    }
  }

  async submit() {
    const text = this.field.value.trim();
    if (!text && !this.files.any) return;
    const files = this.files.take();
    this.put("");
    this.complain("");
    const failure = await this.act.send(text, files);
    if (!failure) return;
    this.files.add(files);
    // What was written meanwhile is not overwritten.
    this.put(this.field.value ? `${text}\n${this.field.value}` : text);
    this.complain(failure);
  }

  put(text) {
    this.field.value = text;
    this.fit();
    this.focus();
  }

  complain(text) {
    this.wrong.textContent = text;
    this.wrong.hidden = !text;
  }

  focus() { this.field.focus({ preventScroll: true }); }

  fit() {
    this.button.disabled = !this.field.value.trim() && !this.files?.any;
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }
}
