// The page: which conversation is open, what the server says about it, what people do with it.
import * as api from "./api.js";
import { $, setText } from "./dom.js";
import { Composer } from "./composer.js";
import { Picker } from "./picker.js";
import { Sidebar } from "./sidebar.js";
import { Thread } from "./thread.js";
import { Welcome } from "./welcome.js";

const NEAR = 90; // pixels from the end at which the page still follows the answer
let conversation = null; // its id; null: a new one that nobody has spoken in
let preset = "";
let status = null;
let hush = () => {};
let loading = null;
let lost = false;
let began = 0;
let unsent = null; // what could not be sent, with the id under which it was tried
const told = new Set(); // turns whose end needs no telling any more

const thread = new Thread($("turns"), act);
const composer = new Composer({ send, lastQuestion: () => thread.lastQuestion });
const picker = new Picker(choose);
const sidebar = new Sidebar({ open: show, begin: () => show(null) });
const welcome = new Welcome({ ask: (text) => { composer.put(text); composer.submit(); }, choose });

// --- what people do ---------------------------------------------------------------------------

async function send(text, files = []) {
  const shown = [text, files.map((file) => `[attached: ${file.name}]`).join("\n")].filter(Boolean).join("\n\n");
  // The same text again, because the answer to the first try was lost, is the same message.
  const id = unsent?.shown === shown ? unsent.id : api.newId();
  unsent = { shown, id };
  thread.ask(id, shown, false);
  draw({ follow: true });
  try {
    await ensure();
    const sent = [];
    for (const file of files) sent.push(await api.upload(conversation, file));
    const taken = await api.say(conversation, id, text, sent);
    if (taken.kind === "message") thread.stored(id);
    else thread.unask(id);
    unsent = null;
    attempt(refresh);
    return "";
  } catch (trouble) {
    thread.unask(id);
    draw();
    return trouble.message;
  }
}

async function act(action, turnId, value) {
  if (action === "preset") return picker.open();
  if (action === "advisors") return thread.turns.get(turnId)?.messages.get("panel")?.view.toggle();
  return attempt(() => api.press(conversation, action, turnId, value));
}

async function choose(name) {
  await attempt(async () => {
    await ensure();
    await api.choose(conversation, name);
    await refresh();
    say(`The preset here is ${preset} now.`);
  });
  composer.focus();
}

function stop() {
  const turn = thread.running;
  if (turn) act("stop", turn.id);
}

async function attempt(work) {
  try {
    await work();
    if (!unsent) composer.complain(""); // why a text came back stands until it is sent
  } catch (trouble) {
    composer.complain(trouble.message);
  }
}

// --- what the server says -----------------------------------------------------------------------

async function ensure() {
  if (conversation) return;
  const { id } = await api.begin();
  conversation = id;
  history.replaceState(null, "", `#${id}`);
}

async function show(id) {
  hush();
  hush = () => {};
  conversation = id;
  thread.clear();
  composer.complain("");
  say("");
  history.replaceState(null, "", id ? `#${id}` : location.pathname);
  preset = status?.default_preset ?? "";
  draw();
  if (id) await attempt(refresh);
  else list();
  for (const turn of thread.turns.values()) if (!turn.running) told.add(turn.id);
  draw({ follow: true });
  composer.focus();
}

/** Load the whole state; loads that were asked for meanwhile become one more. */
async function refresh() {
  if (loading) {
    loading.again = true;
    return loading.done;
  }
  const mine = { again: true, done: null };
  loading = mine;
  mine.done = (async () => {
    try {
      while (mine.again) {
        mine.again = false;
        await reload();
      }
    } finally {
      loading = null;
    }
  })();
  return mine.done;
}

async function reload() {
  const id = conversation;
  const state = await api.load(id);
  if (id !== conversation) return;
  const follow = atEnd();
  thread.load(state);
  preset = state.preset;
  if (hush.id !== id) {
    hush = api.listen(id, state.version, (kind, data) => { if (id === conversation) hear(kind, data); });
    hush.id = id;
  }
  draw({ follow });
  list();
}

function hear(kind, data) {
  if (kind === "connected" || kind === "lost") {
    lost = kind === "lost";
    if (data?.refused) attempt(refresh); // whoever is signed out is told so
    return draw();
  }
  const follow = atEnd();
  if (kind === "frame") {
    // What the program says may tell of turns that are gone: forgotten, taken out, begun anew.
    if (!thread.frame(data) || data.frame.kind === "notice") attempt(refresh);
  } else if (kind === "gone") thread.gone(data.id);
  else if (kind === "asked") { if (!thread.stored(data.id)) attempt(refresh); }
  else attempt(refresh);
  return draw({ follow });
}

async function list() {
  try {
    const { conversations } = await api.conversations();
    sidebar.show(conversations, conversation);
    const title = conversations.find((each) => each.id === conversation)?.title;
    setText($("title"), title || "New conversation");
  } catch {
    // The list is no reason to disturb anybody; what they do next says what is wrong.
  }
}

async function look() {
  let wait = 30000;
  try {
    status = await api.status();
    welcome.update(status);
    if (!conversation) preset = status.default_preset;
    picker.current = preset;
    picker.update(status.presets);
    if (!status.ready || status.loading.length) wait = 1000;
    draw();
  } catch {
    wait = 5000;
  }
  setTimeout(look, wait);
}

// --- what is seen -------------------------------------------------------------------------------

const scroll = $("scroll");
const atEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
const say = (text) => setText($("status"), text);

function draw({ follow = false } = {}) {
  const running = thread.running;
  $("welcome").hidden = !thread.empty;
  setText($("preset-name"), preset || "…");
  picker.current = preset;
  $("stop").hidden = $("pulse").hidden = !running;
  if (lost) say("The connection was lost. Trying again.");
  else if (running) say(running.stage);
  else if (thread.last && !told.has(thread.last.id)) {
    told.add(thread.last.id);
    say(thread.last.stage);
  } else if ($("status").textContent.startsWith("The connection")) say("");
  if (running && !began) began = running.at;
  if (!running && began) {
    began = 0;
    list();
  }
  tick();
  if (follow) scroll.scrollTop = scroll.scrollHeight;
  $("jump").hidden = atEnd();
}

function tick() {
  const seconds = began ? Math.max(0, Math.round((Date.now() - began) / 1000)) : 0;
  const long = seconds >= 60 ? " · still at it; Stop works" : "";
  setText($("clock"), seconds ? `${seconds} s${long}` : "");
}

const THEMES = { "": "as the system", light: "light", dark: "dark" };
const SIGNS = { "": "◐", light: "☀", dark: "☾" };
function theme(next) {
  if (next) document.documentElement.dataset.theme = next;
  else delete document.documentElement.dataset.theme;
  $("theme").setAttribute("aria-label", `Theme: ${THEMES[next]}`);
  $("theme").title = `Theme: ${THEMES[next]}`;
  $("theme").textContent = SIGNS[next];
}

$("theme").addEventListener("click", () => {
  const names = Object.keys(THEMES);
  const next = names[(names.indexOf(document.documentElement.dataset.theme ?? "") + 1) % names.length];
  theme(next);
  try { localStorage.setItem("theme", next); } catch { /* then it lasts until the next load */ }
});
$("preset").addEventListener("click", () => picker.open());
$("stop").addEventListener("click", stop);
$("jump").addEventListener("click", () => { scroll.scrollTop = scroll.scrollHeight; });
scroll.addEventListener("scroll", () => { $("jump").hidden = atEnd(); }, { passive: true });
addEventListener("hashchange", () => show(location.hash.slice(1) || null));
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, dialog");
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    picker.open();
  } else if (event.key === "Escape" && !event.target.closest("dialog")) {
    stop();
  } else if (event.key === "/" && !typing) {
    event.preventDefault();
    composer.focus();
  }
});

theme(document.documentElement.dataset.theme ?? "");
setInterval(tick, 1000);
look();
show(location.hash.slice(1) || null);
