// The form of a server's options: a profile that is picked says what each field gives, and fixes some.
const grid = document.getElementById("options");
const cards = document.querySelectorAll("[data-gives]");

// A select's first option stands for what is given without a choice.
function tell(control, usual) {
  if (control.tagName !== "SELECT") {
    control.placeholder = usual || control.dataset.example || "";
    return;
  }
  const meant = [...control.options].find((option) => option.value === usual);
  control.options[0].textContent = meant?.textContent ?? usual;
}

function fix(control, fixed, usual) {
  if (fixed && !control.disabled) {
    control.dataset.typed = control.value;
    control.value = control.tagName === "SELECT" ? "" : usual;
  } else if (!fixed && control.disabled) {
    control.value = control.dataset.typed ?? "";
  } else if (fixed && control.tagName !== "SELECT") {
    control.value = usual;
  }
  control.disabled = fixed;
}

function pick(card) {
  const gives = JSON.parse(card.dataset.gives);
  for (const field of grid.querySelectorAll("[data-field]")) {
    const name = field.dataset.field;
    const control = field.querySelector("[name]");
    const fixed = gives.fixed.includes(name);
    tell(control, gives.values[name] ?? "");
    fix(control, fixed, gives.values[name] ?? "");
    field.querySelector(".form-text").textContent = fixed ? "Set by the profile." : gives.help[name];
  }
}

for (const card of cards) {
  card.addEventListener("change", () => pick(card));
  if (card.checked) pick(card);
}

// A failed start leads to the field that mends it.
document.getElementById(location.hash.slice(1))?.focus();
