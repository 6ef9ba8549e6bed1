// What the pages can do without, and are nicer with.

// A button that was pressed says so, and cannot be pressed twice.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || !button?.dataset.busy) return;
  setTimeout(() => {
    button.disabled = true;
    button.textContent = button.dataset.busy;
  });
});

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
  document.getElementById("spoken").textContent = said;
});

// Nobody looks at a page in the background: it need not ask.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden) event.preventDefault();
});
