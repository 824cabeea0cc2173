// Starts the page, and takes pictures from wherever they come.

import { showAnswer, showRefusal } from "./answers.js";
import { openCamera } from "./camera.js";
import { showCard } from "./card.js";
import { showExamples } from "./examples.js";
import { checkBrowser } from "./litert.js";
import { loadDescription, loadModel } from "./model.js";
import { readPicture } from "./reading.js";
import { Refusal } from "./refusal.js";
import { shrink } from "./resizing.js";

const MAX_PICTURES = 200; // at once; a browser keeps all their previews in memory
const status = document.getElementById("status");
const parameters = new URLSearchParams(location.search);
let model; // a promise, once the page starts
let queue = Promise.resolve();

applyParameters();
start();

function applyParameters() {
  const { dataset } = document.documentElement;
  const theme = parameters.get("theme");
  if (theme === "dark" || theme === "light") dataset.theme = theme;
  if (parameters.get("embed") === "true") dataset.embed = "true";
}

async function start() {
  status.textContent = "Getting the model ready …";
  try {
    checkBrowser();
    const description = await loadDescription();
    showCard(description);
    showExamples(description.examples, (files) => answerAll(files), report);
    takePictures();
    model = loadModel(description);
    await model;
    say("");
    document.documentElement.dataset.ready = "true";
  } catch (error) {
    report(error);
  }
  // Not before the page is ready: a first visitor should not wait for the copy.
  navigator.serviceWorker?.register("service-worker.js").catch(() => {}); // offline use is an extra
}

function takePictures() {
  const field = document.getElementById("files");
  field.addEventListener("change", () => {
    answerAll([...field.files]);
    field.value = ""; // so that the same picture can be chosen again
  });
  document.addEventListener("paste", (event) => answerAll([...event.clipboardData.files]));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.documentElement.dataset.dragging = "true";
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) delete document.documentElement.dataset.dragging;
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    delete document.documentElement.dataset.dragging;
    answerAll([...event.dataTransfer.files]);
  });
  openCamera((file) => answerAll([file]), say);
}

// One picture after the other, and the pictures of a second drop after those of the first.
function answerAll(files) {
  if (files.length > MAX_PICTURES) {
    say(`Choose up to ${MAX_PICTURES} pictures at once: these are ${files.length}.`);
    return;
  }
  queue = queue.then(async () => {
    for (const [number, file] of files.entries()) {
      say(files.length > 1 ? `Picture ${number + 1} of ${files.length} …` : "Looking at the picture …");
      await nextFrame();
      await answerOne(file);
    }
    say("");
  }).catch(report);
}

async function answerOne(file) {
  const name = file.name || "Picture";
  try {
    const ready = await model;
    const whole = await readPicture(file, ready);
    const seen = shrink(whole, ready.sizePx);
    showAnswer({ name, whole, answer: await ready.classify(seen.pixels) }, ready);
  } catch (error) {
    if (!(error instanceof Refusal)) console.error(error);
    showRefusal(name, error instanceof Refusal ? error.message : "It could not be read: save it as JPEG or PNG and try again.");
  }
}

function report(error) {
  if (error instanceof Refusal) return say(error.message);
  console.error(error);
  say("The model could not be started in this browser: load the page again, or use another browser.");
}

function say(sentence) {
  status.textContent = sentence;
}

function nextFrame() {
  return new Promise((resolve) => setTimeout(resolve));
}
