// A file, or a picture of the page → pixels.

const LONGEST = 1600; // as helpers' load_photo shrinks larger ones

/** {bitmap, image}: the photo upright, and its pixels; transparency is laid on white. */
export async function readPhoto(source) {
  if (source instanceof HTMLImageElement) await source.decode();
  let bitmap = await createImageBitmap(source);
  const scale = LONGEST / Math.max(bitmap.width, bitmap.height);
  const [width, height] = [bitmap.width, bitmap.height].map((side) => (scale < 1 ? Math.round(side * scale) : side));
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  bitmap = await createImageBitmap(canvas);
  return { bitmap, image: context.getImageData(0, 0, width, height) };
}

/** Call `show` with each file that is chosen, or dropped or pasted on an area, "over" which it is held. */
export function watchForPhotos(area, input, show) {
  const first = (files) => { if (files[0]) show(files[0]); };
  input.onchange = () => {
    first(input.files);
    input.value = ""; // so that the same file can be chosen again
  };
  const taken = (event) => { // by us, not by a notebook around us
    event.preventDefault();
    event.stopPropagation();
  };
  for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    area.addEventListener(name, (event) => {
      taken(event);
      area.classList?.toggle("over", over); // a whole page has no class
      if (name === "drop") first(event.dataTransfer.files);
    });
  }
  area.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    taken(event);
    first(event.clipboardData.files);
  });
}
