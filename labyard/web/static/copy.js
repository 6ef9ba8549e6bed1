// Buttons that copy what stands beside them. Where a browser lets no script near its clipboard (plain HTTP),
// the text is selected instead.
for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const spoken = document.getElementById(`${button.dataset.copy}-copied`);
  button.hidden = false;
  button.addEventListener("click", async () => {
    getSelection().selectAllChildren(source);
    let copied = false;
    try {
      await navigator.clipboard.writeText(source.textContent);
      copied = true;
    } catch {
      copied = document.execCommand("copy");
    }
    const word = copied ? "Copied" : "Selected: press Ctrl+C";
    button.querySelector("span").textContent = word;
    if (spoken) spoken.textContent = word;
  });
}
