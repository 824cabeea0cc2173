// Takes a picture with the camera.

const dialog = document.getElementById("camera");
const view = document.getElementById("camera-view");

/** Connect the buttons; `take` gets each picture as a file, `say` a sentence if there is no camera. */
export function openCamera(take, say) {
  const opener = document.getElementById("camera-open");
  opener.hidden = !navigator.mediaDevices?.getUserMedia; // only on https and on localhost
  opener.addEventListener("click", () => start(say));
  document.getElementById("camera-close").addEventListener("click", () => dialog.close());
  document.getElementById("camera-shoot").addEventListener("click", async () => {
    const file = await shoot();
    dialog.close();
    take(file);
  });
  dialog.addEventListener("close", stop);
}

async function start(say) {
  try {
    view.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    dialog.showModal();
  } catch {
    say("The camera cannot be used: allow it for this page in the browser, or choose a picture.");
  }
}

function stop() {
  view.srcObject?.getTracks().forEach((track) => track.stop());
  view.srcObject = null;
}

function shoot() {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [view.videoWidth, view.videoHeight];
  canvas.getContext("2d").drawImage(view, 0, 0);
  return new Promise((resolve) => {
    canvas.toBlob((content) => resolve(new File([content], "Photo")), "image/png");
  });
}
