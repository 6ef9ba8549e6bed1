
// Look whether the place is back, and only then load the page.
setInterval(async () => {
  try {
    const answer = await fetch(location.href, { method: "HEAD", cache: "no-store" });
    if (![502, 503, 504].includes(answer.status)) location.replace(location.href);
  } catch {
    // Nobody answers at all: look again.
  }
}, 3000);
