// Small builders of the page's controls.

import { make } from "./make.js";
import { say, WORDS } from "./words.js";

export const byId = (id) => document.getElementById(id);

let made = 0;

/** A row of choices, of which one holds: radio buttons, so keys and screen readers know them.
 *
 * options: [[value, word or number], …]. Returns a function that shows another value as chosen. */
export function choices(place, word, options, value, changed) {
  const legend = make("legend"), name = `choices-${++made}`; // radio buttons of one name belong together
  legend.dataset.word = word;
  const inputs = options.map(([option]) => make("input", {
    type: "radio", name, value: String(option), checked: option === value,
    onchange: () => changed(option),
  }));
  const labels = options.map(([, text], i) => {
    const label = make("span");
    if (text in WORDS) label.dataset.word = text;
    else label.textContent = text; // a number
    return make("label", {}, inputs[i], label);
  });
  place.replaceChildren(make("fieldset", { className: "choices" }, legend, make("div", {}, ...labels)));
  return (shown) => inputs.forEach((input, i) => { input.checked = options[i][0] === shown; });
}

/** A text by its name, where another function is called say. */
export const wordOf = (name) => say(name);

/** Put the words of the chosen language into everything that names one. */
export function translate(root = document) {
  for (const element of root.querySelectorAll("[data-word]")) {
    element.textContent = say(element.dataset.word);
  }
  for (const element of root.querySelectorAll("[data-name]")) {
    element.setAttribute("aria-label", say(element.dataset.name));
  }
}
