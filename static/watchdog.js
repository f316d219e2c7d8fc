// The program behind the page beats once a second (html[data-beat]). When it stops, or never starts, what
// is on the screen is a picture of the past: cover it. Plain JS, because wasm may be what died.
(() => {
const d = document, data = d.documentElement.dataset, ward = location.pathname.startsWith("/ward");
let beat, heard = Date.now(), patience = 2e4, over;
const stop = () => {
  if (over) return;
  over = data.theme = "night";
  d.body.innerHTML = `<div class="stopped" role="alertdialog" aria-labelledby="stopped"><i></i><main><h1 id="stopped">DISPLAY STOPPED</h1><time>${new Date().toTimeString().slice(0, 8)}</time><p>${ward ? "Look at the bedside monitors." : "This page no longer moves."}</p><button>Start this screen again</button></main></div>`;
  const again = d.querySelector("button");
  again.onclick = () => location.reload();
  again.focus();
};
setInterval(() => {
  if (beat !== data.beat) patience = 3e3;
  if (d.hidden || beat !== data.beat) beat = data.beat, heard = Date.now();
  if ("stopped" in data || Date.now() - heard > patience) stop();
}, 500);
addEventListener("error", e => e.error instanceof WebAssembly.RuntimeError && stop());
})();
