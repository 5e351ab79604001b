// What every page of ours is built with.

/** An element with properties, aria-… attributes and children. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("aria-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** Which patch of a grid lies under a pointer on an element, or null. */
export function patchUnder(event, element, [rows, columns]) {
  const area = element.getBoundingClientRect();
  const x = Math.floor(((event.clientX - area.left) / area.width) * columns);
  const y = Math.floor(((event.clientY - area.top) / area.height) * rows);
  return x < 0 || y < 0 || x >= columns || y >= rows ? null : y * columns + x;
}
