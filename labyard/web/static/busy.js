// A button that was pressed says so, and cannot be pressed twice. It keeps the focus.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || !button?.dataset.busy) return;
  if (button.ariaDisabled === "true") return event.preventDefault();
  button.ariaDisabled = "true";
  button.textContent = button.dataset.busy;
});
