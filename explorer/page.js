// Starts the explorers of a page that has no kernel: what each needs stands as JSON in a script
// element of the class dino-traits, and the explorer appears beside it.

/** What a widget's model is in Jupyter, as far as the explorer asks; without send, for no kernel. */
function standIn(traits) {
  const listeners = {};
  return {
    get: (name) => traits[name],
    set: (name, value) => {
      traits[name] = value;
      (listeners[`change:${name}`] ?? []).forEach((listener) => listener());
    },
    on: (event, listener) => (listeners[event] ??= []).push(listener),
    off: () => {},
    save_changes: () => {},
  };
}

for (const held of document.querySelectorAll("script.dino-traits")) {
  const model = standIn(JSON.parse(held.textContent));
  const url = URL.createObjectURL(new Blob([model.get("_esm")], { type: "text/javascript" }));
  import(url).then((module) => module.default.render({ model, el: held.parentElement }));
}
