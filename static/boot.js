// Starts the portal's program. The server writes into <body> what to load: data-js, data-wasm and
// data-wasm-integrity. The build puts the hashed address in place of each asset below.
const html = document.documentElement, body = document.body, { js, wasm, wasmIntegrity } = body.dataset;

html.dataset.icons = "asset:icons/sprite.svg";
html.dataset.uplot = "asset:uplot.js";
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "night") html.dataset.theme = theme;
  if (localStorage.getItem("text") === "larger") html.dataset.text = "larger";
} catch {
  // A browser that keeps nothing shows the default.
}

try {
  const bytes = fetch(wasm, { integrity: wasmIntegrity || "", credentials: "same-origin" });
  const { default: start } = await import(js);
  await start({ module_or_path: bytes });
} catch (problem) {
  console.error(problem);
  // A program that started and then failed is the watchdog's to cover.
  if (html.dataset.beat === undefined) {
    const main = document.createElement("main");
    main.className = "page";
    main.innerHTML = `<h1>This page could not start</h1><p>The portal may just have been updated, or the network broke while it loaded. Devices measure and alarm by themselves.</p><p><button class="button">Load it again</button></p>`;
    main.querySelector("button").onclick = () => location.reload();
    body.replaceChildren(main);
    html.dataset.failed = "";
  }
}
