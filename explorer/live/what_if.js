// The bench: what is switched off, what was guessed, and what came of it.

import { UNTOUCHED } from "../engine/untouched.js";
import { choices } from "./elements.js";
import { make } from "./make.js";
import { say } from "./words.js";

const nothing = () => ({ ...structuredClone(UNTOUCHED), untrained: false });
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const GUESSES = ["little", "some", "much"];

/** How much a cosine or a correlation means, in the words of the guess. */
export const verdict = (number) => (number >= 0.95 ? "little" : number >= 0.7 ? "some" : "much");

/** A shuffle of 0 … count - 1 (Fisher and Yates). */
function shuffled(count) {
  const order = [...Array(count).keys()];
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** The panel, as `root`; translate() puts its words in.
 *
 * Whatever takes something away waits for a guess; giving it back does not. sizes: the network's;
 * places(): how many patches; changed(): something else is wanted, or shown. */
export function makeWhatIf(sizes, places, changed) {
  let wanted = nothing(), whatIf = nothing(); // what is asked for; what the reader has guessed, and sees
  let sort = null, guess = null, tool = "choose", found = {};
  const { blocks, heads } = sizes;
  const has = (list, item) => list.some((x) => same(x, item));
  const listed = (name, item, on) => (state) => {
    const without = state[name].filter((x) => !same(x, item));
    return { ...state, [name]: on ? [...without, item] : without };
  };

  /** edit: a state → the changed one; back: something is given back, and what waits for a guess goes on
   * waiting; as: which sort of change, so that hiding patch after patch is guessed once. */
  function change(edit, back, as) {
    wanted = edit(wanted);
    if (back || (guess !== null && as === sort)) whatIf = edit(whatIf);
    else [guess, sort] = [null, as];
    if (back && as !== sort) guess = null;
    found = {};
    show();
    changed();
  }
  const word = (tag, name, properties = {}) => {
    const element = make(tag, properties);
    element.dataset.word = name;
    return element;
  };

  // One row a block: the block itself, then its heads. Pressed means that it works.
  const cells = [], parts = make("div", { className: "parts" });
  const cell = (className, list, item, name) => {
    const off = () => has(wanted[list], item);
    const onclick = () => change(listed(list, item, !off()), off(), `${list} ${item}`);
    cells.push({ button: make("button", { type: "button", className, onclick }), off, name });
    return cells.at(-1).button;
  };
  for (let b = 0; b < blocks; b++) {
    parts.append(cell("whole", "blocksOff", b, () => `${say("block")} ${b}`), ...Array.from(
      { length: heads }, (_, h) => cell("part", "headsOff", [b, h], () => `${say("block")} ${b} ${say("head")} ${h}`)));
  }
  parts.style.setProperty("--heads", heads);

  const switches = [
    ["shuffle", () => wanted.order !== null, (on) => ({ order: on ? null : shuffled(places()) })],
    ["noCls", () => !wanted.cls, (on) => ({ cls: on })],
    ["noPosition", () => !wanted.position, (on) => ({ position: on })],
    ["untrained", () => wanted.untrained, (on) => ({ untrained: !on })],
  ].map(([name, on, part]) => ({
    on, button: word("button", name, { type: "button", className: name, onclick: () => {
      const changes = part(on());
      change((state) => ({ ...state, ...changes }), on(), name);
    } }),
  }));
  function undoAll() {
    [wanted, whatIf, guess, sort, found] = [nothing(), nothing(), null, null, {}];
    show();
    changed();
  }
  const undo = word("button", "undo", { type: "button", className: "undo", onclick: undoAll });

  const question = make("legend"), ask = make("fieldset", { className: "guess" }, question, ...GUESSES.map(
    (name) => word("button", name, { type: "button", value: name, onclick: () => {
      [guess, whatIf] = [name, wanted];
      show();
      changed();
    } })));
  const number = make("output"), pointing = make("p", { className: "pointing" });
  const tools = make("div", { className: "tool" });
  choices(tools, "tool", ["choose", "remove", "paint"].map((x) => [x, x]), tool, (value) => {
    tool = value;
    changed();
  });
  const root = make("div", { className: "bench" }, word("p", "whatIfHint"), ask,
    make("p", { className: "number", role: "status" }, number), pointing, tools,
    make("div", { className: "switches" }, ...switches.map(({ button }) => button), undo), word("h2", "parts"), parts);

  function numberText() {
    if (same(whatIf, nothing())) return say("untouched");
    const of = sort === "untrained" ? "alike" : "cosine", value = found[of] ?? null;
    if (of === "cosine" && !whatIf.cls) return say("noClsNumber");
    if (value === null) return "…";
    const right = guess === null ? "" : ` (${say(verdict(value) === guess ? "right" : "wrong")})`;
    return `${say(of)} ${value.toFixed(3)}: ${say(verdict(value))}${right}`;
  }
  function show() {
    for (const { button, off, name } of cells) {
      button.setAttribute("aria-pressed", String(!off()));
      button.textContent = button.className === "whole" ? name() : name().split(" ").at(-1);
      button.setAttribute("aria-label", name());
    }
    for (const { button, on } of switches) button.setAttribute("aria-pressed", String(on()));
    ask.hidden = same(wanted, whatIf);
    question.textContent = say(sort === "untrained" ? "guessMap" : "guess");
    undo.disabled = same(wanted, nothing());
    number.textContent = ask.hidden ? numberText() : "…";
    pointing.hidden = !found.pointing;
    if (!found.pointing) return;
    const { hit, share } = found.pointing, percent = Math.round(100 * share);
    const words = [say(hit ? "hit" : "miss"), percent, percent];
    pointing.textContent = [...words, ...words].reduce( // once a language
      (text, value) => text.replace("#", value), say("pointing"));
  }
  show();

  return {
    root, show, undoAll,
    /** Whether the network is another one than it was. */
    active: () => !same({ ...whatIf, untrained: false }, nothing()),
    get now() { return whatIf; },
    get wanted() { return wanted; },
    get tool() { return tool; },
    /** A place was touched: hide it, or give it back. `give` keeps a drag doing one thing. */
    touch(place, give = null) {
      const name = tool === "remove" ? "removed" : "masked", list = wanted[name];
      const back = give ?? list.includes(place);
      if (back !== list.includes(place)) return back;
      if (!back && name === "removed" && list.length > places() - 2) return back; // two must stay
      change(listed(name, place, !back), back, name);
      return back;
    },
    /** Another picture, of another grid: what names places is forgotten. */
    forgetPlaces() {
      const gone = { masked: [], removed: [], order: null };
      [wanted, whatIf] = [{ ...wanted, ...gone }, { ...whatIf, ...gone }];
      show();
    },
    /** What came of it: cosine, alike, and pointing {hit, share} or null. */
    result(numbers) {
      found = numbers;
      show();
    },
  };
}

/** Whether the highest patch of a map is on the object, and what share of patches is; null without
 * a mask (1 for each patch of an object). */
export function pointingAt(values, mask, { order }) {
  if (!mask?.length || mask.length !== values.length) return null;
  const at = order ? order.map((from) => mask[from]) : [...mask];
  let best = -1;
  values.forEach((value, i) => { if (best < 0 || value > values[best] || Number.isNaN(values[best])) best = i; });
  return { hit: at[best] > 0, share: at.reduce((sum, one) => sum + (one > 0), 0) / at.length };
}

/** Pearson's correlation of two maps, where both have a number. */
export function correlation(a, b) {
  const both = [...a.keys()].filter((i) => !Number.isNaN(a[i]) && !Number.isNaN(b[i]));
  const centred = (m) => {
    const mean = both.reduce((sum, i) => sum + m[i], 0) / both.length;
    return both.map((i) => m[i] - mean);
  };
  const [x, y] = [centred(a), centred(b)], product = (p, q) => p.reduce((sum, value, i) => sum + value * q[i], 0);
  return product(x, y) / (Math.sqrt(product(x, x) * product(y, y)) || 1);
}
