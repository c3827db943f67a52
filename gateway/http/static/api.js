// Talking to the gateway. Every failure becomes a Trouble whose text is fit to be shown.

export class Trouble extends Error {
  constructor(text, status) {
    super(text);
    this.status = status;
  }
}

const OFFLINE = "The gateway cannot be reached. Is it still running? Your text is kept.";
const SIGNED_OUT = "You are signed out: the gateway was started again. Open the link that it printed, or reload this page.";

async function call(method, path, body) {
  const headers = { "X-MoA-Gateway": "page" };
  const file = body instanceof Blob;
  if (body !== undefined) headers["Content-Type"] = file ? "application/octet-stream" : "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, body: file ? body : JSON.stringify(body) });
  } catch {
    throw new Trouble(OFFLINE, 0);
  }
  if (response.status === 401) throw new Trouble(SIGNED_OUT, 401);
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Trouble(answer?.error?.message ?? `The gateway said ${response.status}.`, response.status);
  return answer;
}

const at = (id) => `/api/conversations/${encodeURIComponent(id)}`;

export const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
export const status = () => call("GET", "/api/status");
export const conversations = () => call("GET", "/api/conversations");
export const begin = () => call("POST", "/api/conversations");
export const load = (id) => call("GET", at(id));
export const say = (id, eventId, text, files = []) => call("POST", `${at(id)}/messages`, { event_id: eventId, text, files });
/** Send a file ahead; give what names it in the message. */
export async function upload(id, file) {
  const { id: digest } = await call("POST", `${at(id)}/files`, file);
  return { id: digest, name: file.name, media_type: file.type };
}
export const press = (id, action, turnId, value = "") => call("POST", `${at(id)}/press`, { event_id: newId(), action, turn_id: turnId, value });
export const choose = (id, preset) => call("POST", `${at(id)}/preset`, { event_id: newId(), preset });

/** Listen to a conversation until closed; comes back by itself, and says so when it cannot. */
export function listen(id, after, hear) {
  let source = null;
  let timer = 0;
  let wait = 1000;
  let seen = after;
  const open = () => {
    source = new EventSource(`${at(id)}/events?after=${seen}`);
    for (const kind of ["frame", "asked", "gone", "changed"]) {
      source.addEventListener(kind, (event) => {
        seen = Number(event.lastEventId);
        hear(kind, JSON.parse(event.data));
      });
    }
    source.addEventListener("open", () => { wait = 1000; hear("connected"); });
    source.addEventListener("error", () => {
      const refused = source.readyState === EventSource.CLOSED;
      hear("lost", { refused });
      if (!refused) return;
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, 15000);
    });
  };
  open();
  return () => { clearTimeout(timer); source.close(); };
}
