// What the pages can do without, and are nicer with.

// A typed confirmation unlocks its button.
document.addEventListener("input", ({ target }) => {
  if (!target.dataset.confirm) return;
  target.form.querySelector("[type=submit]").disabled = target.value !== target.dataset.confirm;
});
for (const field of document.querySelectorAll("[data-confirm]")) {
  field.form.querySelector("[type=submit]").disabled = field.value !== field.dataset.confirm;
}

// The menu closes by Escape and by a click elsewhere.
const menu = document.getElementById("login_widget");
document.addEventListener("click", (event) => {
  if (menu?.open && !menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !menu?.open) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// A change of state is spoken, once.
const words = () => [...document.querySelectorAll("[data-words]")].map((e) => e.dataset.words).filter(Boolean).join(". ");
let said = words();
document.addEventListener("htmx:afterSettle", () => {
  if (words() === said) return;
  said = words();
  speak(said);
});

// So is what the last action came to: a live region tells only what changes in it.
const came = document.querySelector(".ly-said[data-said]");
if (came) setTimeout(() => speak(came.textContent.replace(/\s+/g, " ").trim()), 300);

function speak(text) {
  document.getElementById("spoken").textContent = text;
}

// What is swapped may take the focus with it: then it goes to the next action of the same server.
let row;
document.addEventListener("htmx:beforeSwap", () => {
  row = document.activeElement?.closest("[data-row]")?.dataset.row;
});
document.addEventListener("htmx:afterSettle", () => {
  if (row === undefined || document.activeElement !== document.body) return;
  const now = document.querySelector(`[data-row="${CSS.escape(row)}"]`);
  const action = now?.querySelector("[data-actions] :is(a, button:not([disabled]))");
  (action ?? (now ?? document.getElementById("others"))?.querySelector("[data-name]"))?.focus();
});

// Nobody looks at a page in the background: it need not ask. Nor is a list swapped below somebody's hands.
document.addEventListener("htmx:beforeRequest", (event) => {
  const busy = document.querySelector("[data-polls] details[open]");
  if (document.hidden || busy) event.preventDefault();
});
