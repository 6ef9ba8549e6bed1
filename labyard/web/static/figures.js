// What running labs use, told by the service as it changes. Nothing is asked while nobody looks.

const OLD = 5; // seconds, as on the server
const url = document.querySelector("main[data-stream]").dataset.stream;
const seen = new WeakMap(); // when each age was put on the page
let told;

function listen() {
  const wanted = !document.hidden && document.querySelector(".ly-figures");
  if (!wanted) {
    told?.close();
    told = undefined;
  } else if (!told || told.readyState === EventSource.CLOSED) {
    told = new EventSource(url);
    told.addEventListener("figures", ({ data }) => replace(data));
  }
}

function replace(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const fresh of [...template.content.children]) {
    document.getElementById(fresh.id)?.replaceWith(fresh);
  }
}

// A figure that is not replaced in time says how old it is.
function grow() {
  const now = performance.now();
  for (const age of document.querySelectorAll(".ly-age")) {
    if (!seen.has(age)) seen.set(age, now - 1000 * Number(age.dataset.age));
    const seconds = (now - seen.get(age)) / 1000;
    if (seconds > OLD) age.textContent = `${Math.round(seconds)} s ago`;
  }
}

document.addEventListener("visibilitychange", listen);
addEventListener("pagehide", () => told?.close());
listen();
setInterval(() => {
  if (document.hidden) return;
  listen();
  grow();
}, 1000);
