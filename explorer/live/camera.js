// The camera: on, off, front or back, and why not.

/** Which of the words says why there is no camera. */
function problemOf(error) {
  const policy = document.permissionsPolicy ?? document.featurePolicy; // of the frame that we may be in
  if (policy?.allowsFeature && !policy.allowsFeature("camera")) return "cameraFrame";
  if (error.name === "NotAllowedError" || error.name === "SecurityError") return "cameraRefused";
  return error.name === "NotFoundError" || error.name === "OverconstrainedError" ? "cameraNone" : "cameraBusy";
}

/** Takes still pictures of a video: a function that gives a canvas with what it shows now.
 *
 * A video may be drawn on a canvas as it is, but where the browser draws without a graphics card,
 * Chromium keeps a converted copy of each such picture until 300 MB are full. Copying its pixels into
 * memory of our own costs nothing to speak of and leaves nothing behind. */
function makeCopier(video) {
  let context, image, able = typeof VideoFrame === "function";
  return async function still() {
    const { videoWidth: width, videoHeight: height } = video, bytes = 4 * width * height;
    if (!able || !bytes) return video;
    let frame;
    try {
      frame = new VideoFrame(video);
      const { visibleRect: seen, rotation, flip } = frame, rgba = { format: "RGBA" };
      // Older browsers can't convert, and a phone may hold its pictures turned: then as it is.
      able = !rotation && !flip && seen.width === width && seen.height === height
        && frame.allocationSize(rgba) === bytes;
      if (!able) return video;
      if (image?.width !== width || image.height !== height) {
        const canvas = Object.assign(document.createElement("canvas"), { width, height });
        context = canvas.getContext("2d", { willReadFrequently: true });
        image = context.createImageData(width, height);
      }
      await frame.copyTo(image.data, rgba);
      context.putImageData(image, 0, 0);
      return context.canvas;
    } catch (error) {
      console.warn("copyTo", error);
      able = false;
      return video;
    } finally {
      frame?.close();
    }
  };
}

/** A camera on a video element.
 *
 * frame(): called when there is a new picture; problem(word): it does not work, or stopped. */
export function makeCamera(video, frame, problem) {
  let stream = null, facing = "environment", turn = 0, count = 0;

  function watch() {
    const now = turn;
    const next = () => {
      if (now !== turn) return; // stopped, or another camera since
      frame();
      again();
    };
    // Once for each picture of the camera where the browser tells, else once for each of the screen's.
    const again = () =>
      video.requestVideoFrameCallback ? video.requestVideoFrameCallback(next) : requestAnimationFrame(next);
    again();
  }

  function stop() {
    turn++;
    stream?.getTracks().forEach((track) => track.stop());
    stream = video.srcObject = null;
  }

  async function start() {
    if (!navigator.mediaDevices?.getUserMedia) return void problem("cameraInsecure");
    stop();
    const now = turn;
    try {
      const opened = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: facing, width: { ideal: 640 }, height: { ideal: 480 } }, audio: false });
      if (now !== turn) { // another button was pressed meanwhile
        opened.getTracks().forEach((track) => track.stop());
        return;
      }
      stream = video.srcObject = opened;
      stream.getVideoTracks()[0].onended = () => { stop(); problem("cameraGone"); };
      await video.play();
      const devices = await navigator.mediaDevices.enumerateDevices();
      count = devices.filter(({ kind }) => kind === "videoinput").length;
    } catch (error) {
      if (now !== turn) return;
      stop();
      return void problem(problemOf(error));
    }
    watch();
  }

  return {
    start, stop, still: makeCopier(video),
    flip() {
      facing = facing === "user" ? "environment" : "user";
      return start();
    },
    get count() { return count; }, // known once one was opened
    get on() { return stream !== null; },
    /** A front camera shows a mirror image, as everybody expects. */
    get mirrored() {
      return (stream?.getVideoTracks()[0].getSettings().facingMode ?? facing) === "user";
    },
  };
}
