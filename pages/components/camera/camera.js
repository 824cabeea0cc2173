// Show the picture of the camera, and send frames of it to the server.
//
// Streamlit calls the function at the end whenever the server has new data:
//   {mode: "record", label, saved: {recording, n_frames, sentence}} or
//   {mode: "live", answer: {frame, sentence, note, bars: [[label, score, words]]}}.
// The browser sends the trigger "frames": {recording, first, frames, is_last}, where `frames` are
// JPEG files in base64 and `first` is the number of the first of them in this recording.
// It sends nothing more until the server has answered.

const LONG_SIDE_PX = 640; // networks see 300 pixels at most
const JPEG_QUALITY = 0.85;
const FRAMES_PER_S = 8;
const MAX_FRAMES = 300; // in one recording, as on the server
const BATCH_FRAMES = 8;
const LIVE_PAUSE_MS = 100; // leaves the server time for other visitors
const LOST_MS = 5000; // an answer that takes longer is not waited for
const KEEP_CAMERA_MS = 2000;

const PROBLEMS = {
  NotAllowedError: "The browser blocks the camera: allow it next to the page's address, then try again.",
  NotFoundError: "No camera was found: connect one, then try again.",
  NotReadableError: "The camera is in use by another program: close that program, then try again.",
  OverconstrainedError: "That camera is no longer there: try again with another one.",
  ended: "The camera was disconnected: connect it, then try again.",
  insecure: "The browser allows the camera only if the page's address begins with https or is localhost: open such an address, or add photos as files.",
  missing: "This browser cannot use a camera: open the page in a current browser, or add photos as files.",
};

// Streamlit mounts a component again when the page around it changes. The stream outlives that,
// because starting a camera takes a second and may ask for permission again.
const ANY_CAMERA = { facingMode: "environment" }; // a phone's back, and what there is elsewhere
const shared = (window[Symbol.for("cluster-lab-camera")] ??= { wanted: ANY_CAMERA });

async function openStream(wanted) {
  clearTimeout(shared.closing);
  if (shared.stream?.active && !wanted) return shared.stream;
  closeStream(); // many phones open one camera at a time
  shared.wanted = wanted ?? shared.wanted;
  const size = { width: { ideal: LONG_SIDE_PX }, height: { ideal: (LONG_SIDE_PX * 3) / 4 } };
  try {
    shared.stream = await navigator.mediaDevices.getUserMedia({ video: { ...size, ...shared.wanted } });
  } catch (error) {
    shared.wanted = ANY_CAMERA; // the chosen one may have been pulled out
    throw error;
  }
  return shared.stream;
}

function closeStream() {
  shared.stream?.getTracks().forEach((track) => track.stop());
  shared.stream = null;
}

function findProblem(error) {
  if (!window.isSecureContext) return PROBLEMS.insecure;
  if (!navigator.mediaDevices?.getUserMedia) return PROBLEMS.missing;
  return PROBLEMS[error?.name] ?? `The camera could not be started (${error?.name}): close other programs that use it, then try again.`;
}

class Camera {
  constructor(root) {
    this.part = (name) => root.querySelector(`.${name}`);
    this.video = root.querySelector("video");
    this.canvas = document.createElement("canvas");
    this.isOpen = true;
    this.queue = []; // frames of the recording that the server does not have yet
    this.part("again").onclick = () => this.start();
    this.part("switch").onclick = () => this.switchCamera();
    this.prepareHold(this.part("hold"));
    // A hidden tab gets no event for the finger that is lifted, and its timers slow down.
    this.onHidden = () => document.hidden && this.stopHold();
    document.addEventListener("visibilitychange", this.onHidden);
    this.start();
  }

  async start(wanted) {
    this.show({ problem: false, again: false });
    const isNew = !shared.stream;
    try {
      const stream = await openStream(wanted);
      if (!this.isOpen) return void this.close();
      const [track] = stream.getVideoTracks();
      track.onended = () => this.fail(PROBLEMS.ended);
      this.video.srcObject = stream;
      await this.video.play();
      this.video.classList.toggle("mirrored", track.getSettings().facingMode !== "environment");
      const devices = await navigator.mediaDevices.enumerateDevices();
      this.cameras = devices.filter((device) => device.kind === "videoinput");
      const isLive = this.data.mode === "live";
      this.show({ stage: true, hold: !isLive, answer: isLive, switch: this.cameras.length > 1 });
      if (isNew) this.part("camera").scrollIntoView({ block: "nearest" });
      this.sendLive();
    } catch (error) {
      // The video was taken out of the page, and is no problem of the camera.
      if (this.isOpen) this.fail(findProblem(error));
    }
  }

  fail(sentence) {
    this.stopHold();
    closeStream();
    this.part("problem").textContent = sentence;
    this.show({ problem: true, again: true, stage: false, hold: false, answer: false });
  }

  close() {
    this.isOpen = false;
    document.removeEventListener("visibilitychange", this.onHidden);
    this.stopHold();
    clearTimeout(this.retry);
    clearTimeout(shared.closing);
    shared.closing = setTimeout(closeStream, KEEP_CAMERA_MS);
  }

  switchCamera() {
    const { facingMode, deviceId } = this.video.srcObject.getVideoTracks()[0].getSettings();
    // Phones have several cameras on the back: front and back is what people mean.
    if (facingMode) return this.start({ facingMode: facingMode === "user" ? "environment" : "user" });
    const ids = this.cameras.map((camera) => camera.deviceId);
    const next = ids[(ids.indexOf(deviceId) + 1) % ids.length];
    return this.start({ deviceId: { exact: next } });
  }

  show(parts) {
    for (const [name, isShown] of Object.entries(parts)) this.part(name).hidden = !isShown;
  }

  update(data, setTriggerValue) {
    this.data = data;
    this.part("camera").classList.toggle("live", data.mode === "live");
    this.send = (message) => {
      this.sentAt = performance.now();
      this.waitsFor = message;
      setTriggerValue("frames", message);
      clearTimeout(this.retry);
      this.retry = setTimeout(() => this.giveUp(message), LOST_MS);
    };
    if (data.mode === "record") this.takeReceipt(data.saved);
    else this.takeAnswer(data.answer);
  }

  giveUp(message) {
    this.waitsFor = null;
    if (this.data.mode === "live") this.sendLive();
    else this.send(message); // the server skips what it has
  }

  takeFrame() {
    const { videoWidth, videoHeight } = this.video;
    const scale = Math.min(1, LONG_SIDE_PX / Math.max(videoWidth, videoHeight));
    this.canvas.width = Math.round(videoWidth * scale);
    this.canvas.height = Math.round(videoHeight * scale);
    this.canvas.getContext("2d").drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    return this.canvas.toDataURL("image/jpeg", JPEG_QUALITY).split(",")[1];
  }

  // Live answers

  sendLive() {
    if (this.data.mode !== "live" || !this.isOpen || this.waitsFor || !this.video.videoWidth) return;
    if (document.hidden) return void setTimeout(() => this.sendLive(), 500);
    this.frame = (this.frame ?? Date.now()) + 1;
    this.send({ recording: "live", first: this.frame, frames: [this.takeFrame()], is_last: true });
  }

  takeAnswer(answer) {
    if (!this.waitsFor || answer?.frame !== this.waitsFor.first) return;
    this.waitsFor = null;
    clearTimeout(this.retry);
    const seconds = (performance.now() - this.sentAt + LIVE_PAUSE_MS) / 1000;
    this.pace = 0.8 * (this.pace ?? seconds) + 0.2 * seconds;
    this.part("words").textContent = answer.sentence;
    this.part("note").textContent = answer.note;
    this.part("answer").classList.toggle("none", Boolean(answer.note));
    this.part("bars").replaceChildren(...answer.bars.map((bar, number) => this.drawBar(bar, number)));
    this.part("speed").textContent = `${(1 / this.pace).toFixed(1)} answers per second`;
    setTimeout(() => this.sendLive(), LIVE_PAUSE_MS);
  }

  drawBar([label, score, words], number) {
    const bar = this.part("bars").children[number] ?? document.createElement("div");
    if (!bar.firstChild) {
      bar.className = "bar";
      bar.innerHTML = '<span class="label"></span><span class="score"></span><div class="track"><div class="fill"></div></div>';
    }
    bar.querySelector(".label").textContent = label;
    bar.querySelector(".score").textContent = words;
    bar.querySelector(".fill").style.width = `${100 * score}%`;
    return bar;
  }

  // Recording

  prepareHold(button) {
    const isKey = (event) => event.key === " " || event.key === "Enter";
    button.onpointerdown = (event) => {
      if (event.button !== 0) return;
      button.setPointerCapture(event.pointerId);
      this.startHold();
    };
    button.onpointerup = button.onpointercancel = button.onblur = () => this.stopHold();
    button.onkeydown = (event) => isKey(event) && !event.repeat && this.startHold();
    button.onkeyup = (event) => isKey(event) && this.stopHold();
    button.oncontextmenu = (event) => event.preventDefault();
  }

  startHold() {
    if (this.recording || !this.video.videoWidth) return;
    this.recording = { id: crypto.randomUUID(), n: 0, n_sent: 0, isOver: false };
    this.part("status").textContent = "";
    this.timer = setInterval(() => this.record(), 1000 / FRAMES_PER_S);
    this.record();
  }

  record() {
    this.queue.push(this.takeFrame());
    this.recording.n += 1;
    this.drawRecording();
    if (this.recording.n >= MAX_FRAMES) this.stopHold();
    else this.sendBatch();
  }

  stopHold() {
    if (!this.recording || this.recording.isOver) return;
    clearInterval(this.timer);
    this.recording.isOver = true;
    this.drawRecording();
    this.sendBatch();
  }

  sendBatch() {
    const { id, n_sent, isOver } = this.recording;
    if (this.waitsFor || (this.queue.length < BATCH_FRAMES && !isOver)) return;
    const frames = this.queue.splice(0, BATCH_FRAMES);
    this.recording.n_sent += frames.length;
    const is_last = isOver && !this.queue.length;
    this.send({ recording: id, first: n_sent, frames, is_last });
  }

  takeReceipt(saved) {
    if (this.waitsFor && saved?.recording === this.waitsFor.recording) {
      const { first, frames, is_last } = this.waitsFor;
      if (saved.n_frames >= first + frames.length) {
        this.waitsFor = null;
        clearTimeout(this.retry);
        if (is_last || saved.is_over) this.recording = null;
        else this.sendBatch();
      }
    }
    if (!this.recording) this.part("status").textContent = saved?.sentence ?? "";
    this.drawRecording();
  }

  drawRecording() {
    const button = this.part("hold");
    const { n, isOver } = this.recording ?? { n: 0, isOver: false };
    button.classList.toggle("recording", Boolean(this.recording) && !isOver);
    button.disabled = isOver;
    button.textContent = isOver ? "Saving …" : this.recording ? "Release to stop" : `Hold to record ${this.data.label}`;
    this.part("count").textContent = n;
    this.show({ count: n > 0 });
  }
}

const cameras = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let camera = cameras.get(parentElement);
  if (!camera) {
    camera = new Camera(parentElement);
    cameras.set(parentElement, camera);
  }
  camera.update(data, setTriggerValue);
  return () => {
    camera.close();
    cameras.delete(parentElement);
  };
}
