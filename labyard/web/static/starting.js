// The starting page: the hub's progress events, or, where they do not come through, a look now and then.
const page = document.getElementById("starting");
const { progress, server, xsrf, home } = page.dataset;
const steps = [...page.querySelectorAll("[data-step]")];
const bar = document.getElementById("progress-bar");
const log = document.getElementById("progress-log");
const spoken = document.getElementById("progress-message");
const begun = Date.now();
let over = false;
let current = null;

const seconds = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;

function share(done, total) {
  const power = Math.min(3, Math.floor(Math.log2(total) / 10));
  const digits = power > 2 ? 1 : 0;
  const [some, all] = [done, total].map((bytes) => (bytes / 1024 ** power).toFixed(digits));
  return `${some} of ${all} ${["B", "KB", "MB", "GB"][power]}`;
}

function mark(step, state, word) {
  step.classList.toggle("todo", state === "todo");
  for (const icon of step.querySelectorAll("[data-mark]")) icon.hidden = icon.dataset.mark !== state;
  step.querySelector(".word").textContent = word;
}

// Every step before the current one is done; how long it took is the time between their first words.
function reach(name, event) {
  const at = steps.findIndex((step) => step.dataset.step === name);
  if (at < 0) return;
  const step = steps[at];
  step.hidden = false;
  if (current !== step) {
    if (current) current.querySelector(".took").textContent = seconds(event.elapsed - current.since);
    step.since = event.elapsed ?? 0;
    current = step;
  }
  steps.forEach((other, i) => {
    if (i < at) mark(other, "done", "done");
  });
  mark(step, "now", "under way");
  if (event.total) step.querySelector(".detail").textContent = share(event.done, event.total);
}

function note(message) {
  if (!message || spoken.textContent === message) return;
  spoken.textContent = message;
  log.textContent += `${seconds((Date.now() - begun) / 1000)}  ${message}\n`;
}

function ready() {
  over = true;
  location.reload(); // the hub leads on to the server, or to where the person was going
}

function failed(event) {
  over = true;
  document.getElementById("on-its-way").hidden = true;
  document.getElementById("failed").hidden = false;
  const message = (event.message ?? "").replace(/^Spawn failed: (\d+ \w+\([^)]*\): )?/, "");
  const cancelled = /cancelled/i.test(message);
  document.getElementById("failed-message").textContent = cancelled ? "The start was cancelled." : message;
  document.getElementById("elapsed").textContent = "";
}

function told(event) {
  if (over) return;
  if (event.ready) return ready();
  if (event.failed) return failed(event);
  if (event.progress !== undefined) {
    bar.style.width = `${event.progress}%`;
    bar.parentElement.setAttribute("aria-valuenow", event.progress);
  }
  if (event.step) reach(event.step, event);
  note(event.message);
}

const source = new EventSource(progress);
source.onmessage = (event) => {
  const said = JSON.parse(event.data);
  if (said.ready || said.failed) source.close();
  told(said);
};
source.onerror = () => {
  source.close();
  look();
};

async function look() {
  if (over) return;
  try {
    const answer = await fetch(server, { headers: { "X-XSRFToken": xsrf, Accept: "application/json" } });
    const model = answer.ok ? await answer.json() : {};
    if (model.ready || (answer.ok && !model.pending)) return ready();
  } catch {
    note("The hub does not answer. Trying again.");
  }
  setTimeout(look, 1000);
}

setInterval(() => {
  if (!over) document.getElementById("elapsed").textContent = `${Math.round((Date.now() - begun) / 1000)} s so far.`;
}, 1000);

document.querySelector(".ly-log").addEventListener("toggle", (event) => {
  log.hidden = !event.target.open;
  event.target.querySelector("summary").textContent = event.target.open ? "Hide log" : "Show log";
});

document.getElementById("cancel").addEventListener("click", async ({ target }) => {
  target.disabled = true;
  target.textContent = "Cancelling…";
  over = true;
  source.close();
  await fetch(server, { method: "DELETE", headers: { "X-XSRFToken": xsrf } });
  location.assign(home);
});
