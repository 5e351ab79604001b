// The bench: what is switched off, what was guessed, and what came of it.

import { UNTOUCHED } from "../engine/untouched.js";
import { byId, choices, make } from "./elements.js";
import { language, say } from "./words.js";

const nothing = () => structuredClone(UNTOUCHED);

/** How much a cosine means, in the words of the guess. */
export const verdict = (cosine) => (cosine >= 0.95 ? "little" : cosine >= 0.7 ? "some" : "much");

/** A shuffle of 0 … count - 1 (Fisher and Yates). */
function shuffled(count) {
  const order = [...Array(count).keys()];
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** The panel. sizes: the network's; places: how many patches; changed(): something was switched. */
export function makeWhatIf(sizes, places, changed) {
  let whatIf = nothing(), guess = null, cosine = null, tool = "choose";
  const { blocks, heads } = sizes;
  const has = (list, item) => list.some((x) => String(x) === String(item));
  const without = (list, item) => list.filter((x) => String(x) !== String(item));
  const flip = (list, item) => (has(list, item) ? without(list, item) : [...list, item]);

  const active = () => JSON.stringify(whatIf) !== JSON.stringify(nothing());
  const change = (part) => {
    whatIf = { ...whatIf, ...part };
    cosine = null;
    show();
    changed();
  };

  // One row a block: the block itself, then its heads. Pressed means that it works.
  const cells = [];
  const cell = (className, off, press, name) => {
    const button = make("button", { type: "button", className, onclick: press });
    cells.push({ button, off, name });
    return button;
  };
  for (let b = 0; b < blocks; b++) {
    byId("parts").append(
      cell("whole", () => whatIf.blocksOff.includes(b), () => change({ blocksOff: flip(whatIf.blocksOff, b) }),
        () => `${say("block")} ${b}`),
      ...Array.from({ length: heads }, (_, h) => cell(
        "part", () => has(whatIf.headsOff, [b, h]), () => change({ headsOff: flip(whatIf.headsOff, [b, h]) }),
        () => `${say("block")} ${b} ${say("head")} ${h}`)));
  }
  byId("parts").style.setProperty("--heads", heads);
  const switches = {
    shuffle: [() => whatIf.order !== null, () => change({ order: whatIf.order ? null : shuffled(places) })],
    "no-cls": [() => !whatIf.cls, () => change({ cls: !whatIf.cls })],
    "no-position": [() => !whatIf.position, () => change({ position: !whatIf.position })],
  };
  for (const [id, [, press]] of Object.entries(switches)) byId(id).onclick = press;
  byId("undo").onclick = () => {
    guess = null;
    showGuess(null);
    change(nothing());
  };
  const showGuess = choices(byId("guess"), "guess", ["little", "some", "much"].map((x) => [x, x]), null, (value) => {
    guess = value;
    show();
  });
  choices(byId("tool"), "tool", ["choose", "remove", "paint"].map((x) => [x, x]), tool, (value) => {
    tool = value;
    changed();
  });

  function numberText() {
    if (!active()) return say("untouched");
    if (!whatIf.cls) return say("noClsNumber");
    if (guess === null) return say("guessFirst");
    if (cosine === null) return "…";
    const text = cosine.toLocaleString(language(), { minimumFractionDigits: 3, maximumFractionDigits: 3 });
    return `${text}: ${say(verdict(cosine))} (${say(verdict(cosine) === guess ? "right" : "wrong")})`;
  }
  function show() {
    for (const { button, off, name } of cells) {
      button.setAttribute("aria-pressed", String(!off()));
      button.textContent = button.className === "whole" ? name() : name().split(" ").at(-1);
      button.setAttribute("aria-label", name());
    }
    for (const [id, [on]] of Object.entries(switches)) byId(id).setAttribute("aria-pressed", String(on()));
    byId("undo").disabled = !active();
    byId("number").textContent = numberText();
  }
  show();

  return {
    show, active,
    get now() { return whatIf; },
    get tool() { return tool; },
    /** A place was touched: hide it, or give it back. `give` keeps a drag doing one thing. */
    touch(place, give = null) {
      const name = tool === "remove" ? "removed" : "masked", list = whatIf[name];
      const back = give ?? list.includes(place);
      if (back !== list.includes(place)) return back;
      if (!back && name === "removed" && list.length > places - 2) return back; // two must stay
      change({ [name]: back ? without(list, place) : [...list, place] });
      return back;
    },
    result(value) {
      cosine = value ?? null;
      byId("number").textContent = numberText();
    },
  };
}
