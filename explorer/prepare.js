// A photo made ready for its way to the kernel.
//
// Jupyter carries it through a connection that ends without a word at a message of 10 MiB. So a
// large photo is made small here, before it is sent, and what can't be is refused.

const LARGEST = 2048; // pixels of the longer side; load_photo keeps fewer
const LIMIT = 9e6; // bytes of one message
const QUALITY = 0.92; // of a JPEG

/** A video goes as it is, or not at all: a browser can't make one smaller. */
export function asItIs(file, say) {
  const size = `${file.name} (${(file.size / 1e6).toFixed(1)} MB)`;
  return file.size < LIMIT ? { blob: file, note: "" } : { refused: say(
    `이 버튼으로 보내기에는 큽니다: ${size}, ${LIMIT / 1e6} MB까지입니다. 왼쪽 파일 브라우저에서 노트북 옆에 끌어 놓고, 코드에 파일 이름을 쓰세요.`,
    `Too large for this button: ${size}, at most ${LIMIT / 1e6} MB. Drop it beside this notebook in the file browser on the left, and write its name into the code.`,
  ) };
}

/** What to send of a file, and in words what was done to it; or why it can't be sent. */
export async function prepare(file, say) {
  let photo;
  try {
    photo = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch { // not a photo, or of a kind that Python may know though the browser does not
    if (file.size < LIMIT) return { blob: file, note: "" };
    const size = `${(file.size / 1e6).toFixed(1)} MB`;
    return { refused: say(
      `브라우저가 열지 못하는 파일이고, 그대로 보내기에는 큽니다: ${file.name} (${size}). JPEG로 저장해 올리세요.`,
      `The browser cannot open this file, and it is too large to send as it is: ${file.name} (${size}). Save it as JPEG.`,
    ) };
  }
  const { width, height } = photo, scale = LARGEST / Math.max(width, height);
  if (scale >= 1 && file.size < LIMIT) return { blob: file, note: "" };
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  [canvas.width, canvas.height] = [width, height].map((side) => Math.max(1, Math.round(side * Math.min(1, scale))));
  pen.imageSmoothingQuality = "high";
  pen.fillStyle = "white"; // under what is transparent, as load_photo does
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(photo, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  const [from, to] = [`${width} × ${height}`, `${canvas.width} × ${canvas.height}`];
  return { blob, note: say(`큰 사진이라 줄여서 보냈습니다: ${from} → ${to}`, `Made smaller before it was sent: ${from} → ${to}`) };
}
