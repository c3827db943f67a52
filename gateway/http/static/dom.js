// Making elements. The only place where HTML text becomes elements: the server made it safe.

const policy = globalThis.trustedTypes?.createPolicy("moa-html", { createHTML: (html) => html });

/** Make an element. Properties are set as properties, `aria-…` and `role` as attributes. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export const $ = (id) => document.getElementById(id);

/** Set text only where it differs, so that nothing is announced or repainted for nothing. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const PATHS = {
  waiting: "M12 7v5l3 2",
  writing: "M5 12h.01M12 12h.01M19 12h.01",
  ok: "M5 12.5 10 17.5 19 7",
  failed: "M6 6 18 18M18 6 6 18",
  timed_out: "M6 6 18 18M18 6 6 18",
  late: "M12 6v6l4 3",
  empty: "M6 12h12",
  skipped: "M6 12h12",
  cancelled: "M7 7h10v10H7z",
};

/** Draw the sign of a state; words beside it always say the same. */
export function sign(state) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[state] ?? PATHS.waiting);
  svg.append(path);
  return svg;
}

/** Show blocks of safe HTML; those that did not change stay as they are, selection and all. */
export function setBlocks(parent, blocks) {
  blocks.forEach((html, index) => {
    let block = parent.children[index];
    if (!block) {
      block = h("div", { className: "block", dir: "auto" });
      parent.append(block);
    }
    if (block.shown === html) return;
    block.shown = html;
    block.innerHTML = policy ? policy.createHTML(html) : html;
    for (const code of block.querySelectorAll("pre")) frameCode(code);
  });
  while (parent.children.length > blocks.length) parent.lastElementChild.remove();
}

function frameCode(pre) {
  const button = h("button", { type: "button", textContent: "Copy" });
  button.addEventListener("click", () => copy(button, pre.textContent));
  const language = pre.dataset.language || "code";
  const frame = h("div", { className: "code" });
  pre.replaceWith(frame);
  pre.tabIndex = 0;
  pre.setAttribute("role", "region");
  pre.setAttribute("aria-label", `${language}, code`);
  frame.append(h("div", { className: "code-top" }, h("span", { textContent: language }), button), pre);
}

/** Copy, and say on the button whether it worked. */
export async function copy(button, text) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Copying is not allowed here";
  }
  setTimeout(() => { button.textContent = before; }, 1600);
}
