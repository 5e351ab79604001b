// The camera: on, off, front or back, and why not.

/** Which of the words says why there is no camera. */
function problemOf(error) {
  if (error.name === "NotAllowedError" || error.name === "SecurityError") return "cameraRefused";
  return error.name === "NotFoundError" || error.name === "OverconstrainedError" ? "cameraNone" : "cameraBusy";
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
    const again = () => video.requestVideoFrameCallback ? video.requestVideoFrameCallback(next) : requestAnimationFrame(next);
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
    start, stop,
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
