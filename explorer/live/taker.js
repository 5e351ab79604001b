// Pictures → what the network sees of them, large for the reader and small for the network.

import { viewOf } from "../engine/prep.js";

const LONG = 3.5; // a photo with a longer side than that many short ones is cropped

/** How a reader's photo of this size is fitted: whole, but for very long ones. */
export const fitOwn = ([width, height]) => (Math.max(width / height, height / width) > LONG ? "crop" : "whole");

const context = (options) => document.createElement("canvas").getContext("2d", options);

function sized({ canvas }, width, height) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
}

/** input: how the network wants its pictures; side: pixels of the longer side that the reader sees. */
export function makeTaker(input, patch, side) {
  const seen = context({ alpha: false });
  // Read in every frame; a canvas on the graphics card would have to be fetched each time.
  const small = context({ alpha: false, willReadFrequently: true });

  return {
    canvas: seen.canvas,
    /** Draw the part of a picture (size: its [width, height]) that the network sees.
     *
     * Returns its grid and, if `read`, its pixels at the network's size. */
    take(source, size, { fit = "crop", mirrored = false, read = false } = {}) {
      const { resized, part } = viewOf(size, fit, input, patch);
      const [x, y] = [size[0] / resized[0], size[1] / resized[1]];
      const [width, height] = [part.width * x, part.height * y], scale = side / Math.max(width, height);
      const square = fit === "crop"; // but for what timm's rounding leaves
      sized(seen, square ? side : Math.round(width * scale), square ? side : Math.round(height * scale));
      const to = [seen.canvas.width, seen.canvas.height];
      seen.imageSmoothingQuality = "high"; // forgotten when a canvas gets its size
      seen.setTransform(mirrored ? -1 : 1, 0, 0, 1, mirrored ? to[0] : 0, 0);
      seen.drawImage(source, part.left * x, part.top * y, width, height, 0, 0, ...to);
      seen.setTransform(1, 0, 0, 1, 0, 0);
      const grid = [Math.ceil(part.height / patch), Math.ceil(part.width / patch)];
      if (!read) return { grid };
      // From the canvas: each drawing of a video costs Chromium another conversion of its colours.
      sized(small, part.width, part.height);
      small.imageSmoothingQuality = "high";
      small.drawImage(seen.canvas, 0, 0, part.width, part.height);
      return { grid, image: small.getImageData(0, 0, part.width, part.height) };
    },
  };
}

/** A picture as the network gets it: places shuffled, painted in the mean colour, or gone. */
export function drawChanged(to, seen, [rows, columns], { order, masked, removed }, mean) {
  const { width, height } = to.canvas, across = width / columns, down = height / rows;
  const [w, h] = [seen.width / columns, seen.height / rows];
  const corner = (place, x, y) => [(place % columns) * x, Math.floor(place / columns) * y];
  to.drawImage(seen, 0, 0, width, height);
  order?.forEach((from, place) =>
    to.drawImage(seen, ...corner(from, w, h), w, h, ...corner(place, across, down), across, down));
  to.fillStyle = `rgb(${mean.map((m) => Math.round(255 * m))})`;
  for (const place of masked) to.fillRect(...corner(place, across, down), across, down);
  for (const place of removed) { // black, with a cross
    const [x, y] = corner(place, across, down), edge = across / 6;
    to.fillStyle = "#000";
    to.fillRect(x, y, across, down);
    to.strokeStyle = "#777";
    to.beginPath();
    to.moveTo(x + edge, y + edge);
    to.lineTo(x + across - edge, y + down - edge);
    to.moveTo(x + across - edge, y + edge);
    to.lineTo(x + edge, y + down - edge);
    to.stroke();
  }
}
