// The program behind the page beats once a second (html[data-beat]). When it stops, or never starts,
// what is on the screen is a picture of the past: cover it. Plain JS, because wasm may be what died.
(() => {
  const html = document.documentElement, ward = location.pathname.startsWith("/ward");
  let beat, heard = Date.now(), begun = 0, over;
  const stop = () => {
    if (over) return;
    over = html.dataset.theme = "night";
    const at = new Date().toTimeString().slice(0, 8);
    document.body.innerHTML = `<div class="stopped" role="alertdialog" aria-labelledby="stopped"><i></i><main><h1 id="stopped">DISPLAY STOPPED</h1><time>${at}</time><p>${ward ? "Look at the bedside monitors." : "This page no longer moves."}</p><button autofocus>Start this screen again</button></main></div>`;
    const again = document.querySelector(".stopped button");
    again.onclick = () => location.reload();
    again.focus();
  };
  setInterval(() => {
    const now = Date.now(), next = html.dataset.beat;
    if (html.dataset.stopped !== undefined) return stop();
    if (document.hidden || next !== beat) { begun ||= next !== beat; beat = next; heard = now; }
    if (now - heard > (begun ? 3e3 : 2e4)) stop();
  }, 500);
  addEventListener("error", e => e.error instanceof WebAssembly.RuntimeError && stop());
})();
