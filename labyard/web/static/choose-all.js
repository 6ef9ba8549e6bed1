// One box that chooses all the others of its page.
for (const around of document.querySelectorAll("[data-all]")) {
  const box = around.querySelector("input");
  const others = () => document.querySelectorAll(`input[type=checkbox][name="${around.dataset.all}"]`);
  around.hidden = false;
  box.addEventListener("change", () => others().forEach((other) => { other.checked = box.checked; }));
  document.addEventListener("change", ({ target }) => {
    if (target.name === around.dataset.all) box.checked = [...others()].every((other) => other.checked);
  });
}
