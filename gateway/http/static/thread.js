// One conversation on the page. The server's state is the truth; frames move it on between loads.
import { h, setBlocks } from "./dom.js";
import { PartView } from "./answer.js";
import { PermissionView } from "./permission.js";
import { PanelView, landed } from "./panel.js";

class TurnView {
  constructor(turn, act) {
    this.id = turn.turn_id;
    this.act = act;
    this.question = turn.question;
    this.ending = turn.ending;
    this.at = turn.at;
    this.messages = new Map();
    this.voices = h("div", { className: "voices" });
    this.element = h("li", { className: "turn" },
      h("div", { className: "question" }, h("p", { textContent: turn.question, dir: "auto" })), this.voices);
  }

  load(turn) {
    this.ending = turn.ending;
    const present = new Set(turn.shown.map((shown) => shown.frame.key));
    for (const [key, message] of this.messages) {
      if (turn.ending && !present.has(key)) this.drop(message.id);
    }
    for (const shown of turn.shown) this.show(shown);
  }

  /** Show a frame, unless a newer one is on the page. Version 0 is the store's, for what ended. */
  show({ id, version, frame }) {
    let message = this.messages.get(frame.key);
    if (message && version && version < message.version) return;
    if (!message) {
      message = { view: this.viewOf(frame.kind), kind: frame.kind };
      this.messages.set(frame.key, message);
      this.place(message, frame.key);
    }
    Object.assign(message, { id, version: version || message.version || 0, frame });
    message.view.update(frame);
  }

  viewOf(kind) {
    if (kind === "panel") return new PanelView();
    return kind === "permission" ? new PermissionView(this.act) : new PartView(this.act);
  }

  place(message, key) {
    const order = (name) => (name.startsWith("panel") ? `0${name}` : `1${name}`);
    const next = [...this.messages].filter(([other]) => order(other) > order(key))
      .sort(([a], [b]) => order(a).localeCompare(order(b), "en", { numeric: true }))[0];
    this.voices.insertBefore(message.view.element, next ? next[1].view.element : null);
  }

  /** Take a message away; true if the turn has none left. */
  drop(id) {
    for (const [key, message] of this.messages) {
      if (message.id !== id) continue;
      message.view.element.remove();
      this.messages.delete(key);
      return this.messages.size === 0;
    }
    return false;
  }

  get panels() { return [...this.messages.values()].filter((each) => each.kind === "panel").map((each) => each.frame); }
  get parts() { return [...this.messages.values()].filter((each) => each.kind === "part").map((each) => each.frame); }

  get asks() { return [...this.messages.values()].some((each) => each.kind === "permission" && each.frame.buttons.length); }

  get running() {
    if (this.ending) return false;
    const last = this.parts.at(-1);
    return !last || last.streaming || (!last.footer && !last.error);
  }

  /** Say in a sentence where this turn stands. */
  get stage() {
    const part = this.parts.at(-1);
    if (!this.running && (part?.stopped || this.ending === "stopped")) return "Stopped.";
    if (!this.running) return part?.error ? "The turn failed." : "The answer is ready.";
    if (this.asks) return "Waiting for a yes or no";
    if (part?.blocks.length) return "Writing the answer";
    const rows = this.panels.at(-1)?.rows ?? [];
    const done = rows.filter(landed).length;
    if (!rows.length || done === rows.length) return rows.length ? "Reading what the advisors wrote" : "Thinking";
    return done ? `${done} of ${rows.length} advisors in` : `Asking ${rows.length} ${rows.length === 1 ? "advisor" : "advisors"}`;
  }
}

/** A button that saves a file; its text never leaves the page for that. */
function saving({ name, text }) {
  const button = h("button", { type: "button", textContent: `Save ${name}` });
  button.addEventListener("click", () => {
    const address = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
    h("a", { href: address, download: name }).click();
    URL.revokeObjectURL(address);
  });
  return button;
}

export class Thread {
  constructor(root, act) {
    this.root = root;
    this.act = act;
    this.turns = new Map();
    this.notices = new Map();
    this.asked = new Map();
  }

  clear() {
    this.turns.clear();
    this.notices.clear();
    this.asked.clear();
    this.root.replaceChildren();
  }

  /** Show the server's state. Questions that are still on their way from here stay. */
  load(state) {
    const known = new Set(state.turns.map((turn) => turn.turn_id));
    for (const [id, turn] of this.turns) if (!known.has(id)) this.forget(id, turn);
    for (const each of state.turns) {
      let turn = this.turns.get(each.turn_id);
      if (!turn) {
        turn = new TurnView(each, this.act);
        this.turns.set(each.turn_id, turn);
      }
      if (this.root.lastElementChild !== turn.element) this.root.append(turn.element);
      turn.load(each);
    }
    const noticed = new Set(state.notices.map((shown) => shown.id));
    for (const id of this.notices.keys()) if (!noticed.has(id)) this.dropNotice(id);
    for (const shown of state.notices) this.notice(shown);
    for (const [id, asked] of this.asked) if (asked.stored) this.unask(id);
    for (const { event_id: id, text } of state.waiting) this.ask(id, text, true);
    for (const asked of this.asked.values()) this.root.append(asked.element);
  }

  /** Show a frame; false if the page does not know its turn yet. */
  frame(shown) {
    if (shown.frame.kind === "notice") {
      this.notice(shown);
      return true;
    }
    const turn = this.turns.get(shown.frame.turn_id);
    turn?.show(shown);
    return turn !== undefined;
  }

  gone(id) {
    this.dropNotice(id);
    for (const [turnId, turn] of this.turns) if (turn.drop(id)) this.forget(turnId, turn);
  }

  forget(id, turn) {
    turn.element.remove();
    this.turns.delete(id);
  }

  notice({ id, frame, after }) {
    let element = this.notices.get(id);
    if (!element) {
      element = h("li", {}, h("div", { className: "notice" }), h("div", { className: "actions" }));
      this.notices.set(id, element);
    }
    let before = this.turns.get(after)?.element;
    if (before) {
      while (before.nextElementSibling?.firstElementChild.className === "notice") before = before.nextElementSibling;
      if (before !== element) before.after(element);
    }
    else if (!element.isConnected) this.root.append(element);
    setBlocks(element.firstElementChild, frame.blocks);
    const buttons = frame.buttons.map((each) => this.button(each));
    if (frame.file) buttons.push(saving(frame.file));
    element.firstElementChild.hidden = frame.blocks.length === 0;
    element.lastElementChild.replaceChildren(...buttons);
    element.lastElementChild.hidden = buttons.length === 0;
  }

  button({ action, label, value }) {
    const button = h("button", { type: "button", textContent: label });
    button.addEventListener("click", () => this.act(action, "", value));
    return button;
  }

  dropNotice(id) {
    this.notices.get(id)?.remove();
    this.notices.delete(id);
  }

  /** Show a question at once; `stored` once the gateway has it. */
  ask(id, text, stored) {
    let asked = this.asked.get(id);
    if (!asked) {
      const state = h("small", { textContent: "Sending" });
      asked = { element: h("li", { className: "asked" }, h("div", { className: "question" }, h("p", { textContent: text, dir: "auto" })), state), state };
      this.asked.set(id, asked);
      this.root.append(asked.element);
    }
    asked.stored = stored;
    asked.state.textContent = stored ? "Received" : "Sending";
  }

  stored(id) {
    const asked = this.asked.get(id);
    if (asked) this.ask(id, "", true);
    return asked !== undefined;
  }

  unask(id) {
    this.asked.get(id)?.element.remove();
    this.asked.delete(id);
  }

  get empty() { return this.root.childElementCount === 0; }
  get last() { return [...this.turns.values()].at(-1); }
  get running() { return [...this.turns.values()].find((turn) => turn.running); }
  /** The last question's words; its files do not go along again. */
  get lastQuestion() { return (this.last?.question ?? "").split("\n").filter((line) => !line.startsWith("[attached: ")).join("\n").trim(); }
}
