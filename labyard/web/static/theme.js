// What the person chose about display, taken over before anything is painted. A theme is taken over once
// each time it is chosen: after that, the button in the bar has the last word in this browser.
(() => {
  const chosen = document.querySelector("meta[name=labyard-display]")?.dataset;
  if (!chosen) return;
  document.documentElement.dataset.lyFigures = chosen.figures;
  try {
    const before = localStorage.getItem("labyard-display");
    if (before === chosen.stamp) return;
    localStorage.setItem("labyard-display", chosen.stamp);
    if (chosen.theme !== "system") localStorage.setItem("jupyterhub-bs-theme", chosen.theme);
    else if (before !== null) localStorage.removeItem("jupyterhub-bs-theme");
  } catch {
    // A browser that keeps nothing shows the theme of its device.
  }
})();
