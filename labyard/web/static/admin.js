// Mends for assistive technology what JupyterHub's own page draws, each time it draws something.
const page = document.getElementById("react-admin-hook");
const DETAILS = "-collapse-button";

// Where -> what is done to each element that is there.
const MENDS = {
  [`[data-testid$="${DETAILS}"]`]: (button) => {
    button.setAttribute("aria-label", `Details of ${button.dataset.testid.slice(0, -DETAILS.length)}`);
    button.removeAttribute("aria-controls"); // names what has no such id
  },
  "a > button": (button) => {
    button.setAttribute("role", "none"); // the link around it is what is pressed
    button.tabIndex = -1;
  },
  "#admin-check": (box) => box.setAttribute("aria-label", "Admin"),
  ul: (list) => {
    if (list.matches(":has(> :not(li))")) list.setAttribute("role", "none"); // no list: a heading is in it
    else list.removeAttribute("role");
  },
};

function mend() {
  for (const [where, change] of Object.entries(MENDS)) page.querySelectorAll(where).forEach(change);
}

new MutationObserver(mend).observe(page, { childList: true, subtree: true });
mend();
