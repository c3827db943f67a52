// Where people write. A text leaves it only to come back if it could not be sent.
import { $ } from "./dom.js";

export class Composer {
  constructor({ send, lastQuestion }) {
    this.field = $("question");
    this.button = $("send");
    this.wrong = $("wrong");
    this.act = { send, lastQuestion };
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
    if (!text) return;
    this.put("");
    this.complain("");
    const failure = await this.act.send(text);
    if (!failure) return;
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
    this.button.disabled = !this.field.value.trim();
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }
}
