// What the explorer shows: the chosen map in colours, and the words about it.

import { extent } from "./engine/maps.js";
import { wordOf } from "./live/elements.js";
import { make } from "./live/make.js";
import { asksPatch } from "./live/map_of.js";
import { correlation, pointingAt } from "./live/what_if.js";
import { bytes, flatResize, keepMass, normalise, paint, smoothResize } from "./pixels.js";
import { explorerPictures, savePicture } from "./view.js";

/** at: what is shown (maps, beside, seen, own) and how (state); the rest is the page and what to call. */
export function makeShow(model, at, { say, kinds, tables, controls, pictures, words, sources }) {
  const { state } = at;

  /** Values with the range that their colours span, and their pixels at the size of the pictures. */
  function coloured({ values, shared }, maps) {
    const own = extent(values), range = state.scale === "shared" ? shared : [state.scale === "raw" ? 0 : own[0], own[1]];
    return { values, range, maps, layers: layers({ values, range, maps }, pictures.size) };
  }

  function layers({ values, range, maps }, size) {
    const resize = state.smooth ? smoothResize : flatResize, kept = keepMass(values, state.keep / 100);
    return [resize(normalise(values, range), maps.grid, size), flatResize(kept, maps.grid, size)];
  }

  const none = (maps) => ({ values: new Float32Array(maps.grid[0] * maps.grid[1]).fill(NaN), shared: [0, 0] });

  /** Work out the chosen map, and draw; ask for it if it is not here. */
  function choose() {
    const { maps, beside } = at, [rows, columns] = maps.grid;
    if (asksPatch(state.kind)) state.patch ??= Math.floor(rows / 2) * columns + Math.floor(columns / 2);
    const found = maps.get(state.kind, state.head, state.patch);
    const other = beside?.get(state.kind, state.head, state.patch);
    at.current = at.other = null;
    if (found) {
      at.current = coloured(found.word ? none(maps) : found, maps);
      if (other?.values) at.other = coloured(other, beside);
      if (found.word || !sources.kernel) words.status.textContent = found.word ? wordOf(found.word) : "";
      draw();
    } else sources.askPatch();
    sources.lab?.bench?.result({
      cosine: sources.lab.result.cosine,
      alike: found?.values && other?.values ? correlation(found.values, other.values) : null,
      pointing: found?.values && !asksPatch(state.kind) && !at.own
        ? pointingAt(found.values, at.mask, sources.lab.bench.now) : null,
    });
    showControls();
    showWords();
  }

  function layOver({ layers: both }, map, over) {
    paint(pictures.images.photo.data, ...both, tables[model.get("cmap")], model.get("alpha"), map.data, over.data);
  }

  function draw() {
    if (!at.current) return;
    const { canvases, images } = pictures;
    layOver(at.current, images.map, images.overlay);
    canvases.map.putImageData(images.map, 0, 0);
    canvases.overlay.putImageData(images.overlay, 0, 0);
    pictures.beside.hidden = !at.other;
    if (at.other) {
      layOver(at.other, images.beside, images.beside);
      canvases.beside.putImageData(images.beside, 0, 0);
    }
    words.draw(tables[model.get("cmap")]);
  }

  /** Put the picture in, as it is after what the bench did to it. */
  function redraw() {
    const bench = sources.lab?.bench;
    pictures.show(at.seen, (pen) => bench && sources.lab.draw(pen, at.seen, at.maps.grid));
    draw();
  }

  /** Which map is shown: its kind, block and head. */
  function title(own = say) {
    const head = at.maps.rows(state.kind) > 1 || state.kind === "query"
      ? ` · ${own("헤드", "head")} ${state.head ? state.head - 1 : own("평균", "mean")}` : "";
    return `${own(...kinds[state.kind])} · ${own("블록", "block")} ${at.maps.block}${head}`;
  }

  function showWords() {
    const { grid } = at.maps;
    pictures.point(state.patch, grid, state.pinned);
    pictures.before.style.clipPath = `inset(0 ${100 - state.wipe}% 0 0)`;
    const named = make("figcaption", {}, ...say.each(title)), { map } = pictures.captions;
    if (!named.isEqualNode(map)) map.replaceChildren(...named.childNodes); // most redraws change no title
    words.range(at.current?.range);
    words.at(state, grid, say(...kinds[state.kind]), at.current?.values);
    words.made(model.get("weights"), at.maps.left_out, at.cropped);
  }

  /** Make the controls say what the state is, and why some of them can't be used. */
  function showControls() {
    const count = at.maps.rows(state.kind);
    state.head = Math.min(state.head, count - 1);
    controls.offer(count, state.kind === "query", at.maps.all || sources.able || sources.kernel);
    for (const name of ["kind", "head", "scale", "keep", "wipe"]) controls[name].value = state[name];
    [controls.smooth.checked, controls.block.value] = [state.smooth, at.maps.block];
    controls.sayKeep();
  }

  /** The overlay as a file, of the photo's own size where the photo is as it came. */
  async function save() {
    if (!at.current) return;
    const asItCame = !at.own && !sources.lab?.bench?.active(), held = asItCame ? bytes(model.get("full")) : [];
    const large = held.length ? await createImageBitmap(new Blob([held])) : pictures.canvases.photo.canvas;
    const own = explorerPictures(say, ["", ""]), { images } = own;
    own.show(large);
    paint(own.images.photo.data, ...layers(at.current, own.size), tables[model.get("cmap")], model.get("alpha"),
      images.map.data, images.overlay.data);
    const parts = [...title().split(" · "), ...(asksPatch(state.kind) ? [words.patch(state, at.maps.grid)] : []),
      `alpha ${model.get("alpha")}`, ...model.get("weights").split(" · ")];
    await savePicture(images.overlay, parts, `explorer-${state.kind}-block${at.maps.block}.png`);
  }

  return { choose, draw, redraw, showControls, save };
}
