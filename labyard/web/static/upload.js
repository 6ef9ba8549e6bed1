// An upload that tells how far it is and can be cancelled. Without this the form works as forms do.
const form = document.getElementById("upload-form");
const part = (id) => document.getElementById(id);

const amount = (bytes) => {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let at = 0;
  for (; bytes >= 1024 && at < units.length - 1; at++) bytes /= 1024;
  return `${bytes.toFixed(at > 1 && bytes < 10 ? 1 : 0)} ${units[at]}`;
};

const running = (yes) => {
  part("send").disabled = yes;
  part("cancel").hidden = !yes;
  part("progress").hidden = !yes;
};

const fail = (why) => {
  running(false);
  part("upload-why").textContent = why;
  part("upload-problem").hidden = false;
};

const why = (status) => {
  if (status === 413) return `More than ${amount(form.dataset.most)} at once is not taken here. Send it in parts.`;
  if (status === 401 || status === 403) return "The page was open for too long. Reload it, then try again.";
  if (status === 408) return "The connection was silent for too long. Nothing was changed. Try again.";
  return status ? `Something went wrong (${status}). Try again.` : "The connection broke off. Nothing was changed. Try again.";
};

let told = 0;
const tell = ({ loaded, total }) => {
  const percent = Math.floor((100 * loaded) / total);
  const words = percent < 100 ? `${percent} %: ${amount(loaded)} of ${amount(total)}` : "All has arrived; it is put in its place…";
  form.querySelector("progress").value = percent;
  part("progress-words").textContent = words;
  if (percent < told + 10 && percent < 100) return;
  told = percent;
  part("upload-spoken").textContent = words;
};

const send = () => {
  const request = new XMLHttpRequest();
  const data = new FormData(form);
  const size = data.getAll("files").reduce((sum, file) => sum + file.size, 0);
  part("upload-problem").hidden = true;
  if (size > Number(form.dataset.most)) return fail(why(413));
  told = 0;
  running(true);
  tell({ loaded: 0, total: size || 1 });
  request.upload.addEventListener("progress", tell);
  // What came of it stands on the page of all volumes.
  request.addEventListener("load", () => (request.status === 204 ? location.assign(form.dataset.then) : fail(why(request.status))));
  request.addEventListener("error", () => fail(why(0)));
  request.addEventListener("abort", () => fail("You cancelled it. Nothing was changed."));
  part("cancel").onclick = () => request.abort();
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  return request.send(data);
};

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
