// Follows a start: by the hub's stream of events, and by asking where the stream does not come through.
const page = document.getElementById("starting");
const { progress, start, story, xsrf } = page.dataset;
const trouble = document.getElementById("trouble");
const begun = Date.now() - 1000 * page.dataset.elapsed;
const ASK = 1000; // milliseconds between two questions
const LISTEN_AGAIN = 5; // questions answered before the stream is tried again
let over = false;
let pressed = false;

const tell = (event) => document.dispatchEvent(new CustomEvent("labyard:step", { detail: event }));

// Leave, but only for what somebody serves just now: the hub leads on to the server, to where the person
// was going, or to the sign-in. `here` says whether this very page, drawn anew, is such a place.
async function leave(here) {
  over = true;
  try {
    const { ok, status } = await fetch(location.href, { redirect: "manual", cache: "no-store" });
    if (pressed) return;
    if (status < 500 && (here || !ok)) return location.reload(); // leading on has status 0 in here
  } catch {
    // nobody answers
  }
  askOn();
}

function askOn() {
  if (pressed) return;
  over = false;
  trouble.hidden = false;
  setTimeout(() => ask(1), ASK);
}

// The hub's page of a failed start has the card: take it in place, with its words and buttons. Without
// one, the hub is going away just now: ask until somebody knows.
async function failed() {
  over = true;
  try {
    const answer = await fetch(story);
    const there = new DOMParser().parseFromString(await answer.text(), "text/html");
    const told = there.getElementById("starting");
    if (told?.querySelector("#failed")) {
      document.title = there.title;
      return show(told.childNodes);
    }
  } catch {
    // nobody answers
  }
  askOn();
}

// The hub knows nothing of this start: it was restarted meanwhile.
function interrupted() {
  over = true;
  document.getElementById("elapsed").parentElement.hidden = true;
  show([page.querySelector("h1"), document.getElementById("interrupted").content]);
}

function show(nodes) {
  page.replaceChildren(...nodes);
  for (const form of page.querySelectorAll("[data-keeps-query]")) form.action += location.search;
  page.querySelector("#failed").focus();
}

function listen() {
  const source = new EventSource(progress);
  source.onmessage = ({ data }) => {
    if (over) return source.close();
    trouble.hidden = true;
    const event = JSON.parse(data);
    if (event.step) tell(event);
    if (!event.ready && !event.failed) return;
    source.close();
    if (event.ready) leave(false);
    else failed();
  };
  source.onerror = () => {
    source.close();
    ask(1);
  };
}

async function ask(times) {
  if (over) return;
  try {
    const answer = await fetch(start, { headers: { "X-XSRFToken": xsrf, Accept: "application/json" } });
    if ([401, 403].includes(answer.status)) return leave(true); // signed out meanwhile
    if (!answer.ok) throw new Error(answer.status);
    const { state, steps } = await answer.json();
    if (over) return;
    trouble.hidden = true;
    steps.forEach(tell);
    if (state === "running") return leave(false);
    if (state === "failed") return failed();
    if (state === "stopped") return interrupted();
    if (times % LISTEN_AGAIN === 0) return listen();
  } catch {
    trouble.hidden = false;
  }
  setTimeout(() => ask(times + 1), ASK);
}

setInterval(() => {
  const shown = document.getElementById("elapsed");
  if (shown && !over) shown.textContent = `${Math.round((Date.now() - begun) / 1000)} s so far.`;
}, 1000);

// What was pressed leads elsewhere: from here on nothing is followed.
document.addEventListener("submit", ({ submitter }) => {
  if (submitter?.dataset.busy) over = pressed = true;
});

listen();
