// Draws the steps of a start. `starting.js` hears of them and sends each here as a "labyard:step" event.
const steps = [...document.querySelectorAll("[data-step]")];
const bar = document.getElementById("progress-bar");
const log = document.getElementById("progress-log");
const spoken = document.getElementById("progress-message");
const logged = new Set(log.textContent.split("\n").map((line) => line.split("  ")[1]));
let shown = Number(bar.dataset.width);
bar.style.width = `${shown}%`;

const seconds = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;

function share(done, total) {
  const power = Math.min(3, Math.floor(Math.log2(total) / 10));
  const digits = power > 2 ? 1 : 0;
  const [some, all] = [done, total].map((bytes) => (bytes / 1024 ** power).toFixed(digits));
  return `${some} of ${all} ${["B", "KB", "MB", "GB"][power]} (${Math.floor((100 * done) / total)} %)`;
}

function mark(step, state, word) {
  step.className = state;
  for (const icon of step.querySelectorAll("[data-mark]")) icon.hidden = icon.dataset.mark !== state;
  step.querySelector(".word").textContent = word;
}

// Every step before this one is done; how long each took is the time to the next one's beginning.
function reach(event) {
  const at = steps.findIndex((step) => step.dataset.step === event.step);
  if (at < 0) return;
  steps[at].since = event.since;
  steps[at].hidden = false;
  const told = steps.slice(0, at + 1).filter((step) => step.since !== undefined);
  told.forEach((step, i) => {
    const next = told[i + 1];
    if (next) step.querySelector(".took").textContent = seconds(next.since - step.since);
  });
  steps.slice(0, at).forEach((step) => {
    mark(step, "done", "done");
    step.querySelector(".detail").textContent = "";
  });
  mark(steps[at], "now", "under way");
  steps[at].querySelector(".detail").textContent = event.total ? share(event.done, event.total) : event.detail;
  document.getElementById("fetching").hidden = steps.every((s) => s.dataset.step !== "pulling" || s.hidden);
}

function note(event) {
  const message = event.detail ? `${event.message}: ${event.detail}` : event.message;
  if (!message || logged.has(message)) return;
  logged.add(message);
  spoken.textContent = message;
  log.textContent += `${seconds(event.elapsed ?? 0)}  ${message}\n`;
}

document.addEventListener("labyard:step", ({ detail: event }) => {
  shown = Math.max(shown, event.progress); // the stream tells from the beginning; nothing goes back
  bar.style.width = `${shown}%`;
  bar.parentElement.setAttribute("aria-valuenow", shown);
  reach(event);
  note(event);
  if (!event.log) return;
  document.getElementById("lab-said").hidden = false;
  document.getElementById("lab-log").textContent = event.log;
});
