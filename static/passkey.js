// Passkeys at the door: in the name's autofill, behind the button, and the offer of one after a password.
// Everything else on these pages works without it.
(() => {
const d = document, $ = s => d.querySelector(s), box = $(".passkey"), show = $("[data-show]"), trouble = $("[data-passkey-error]");
const bytes = t => Uint8Array.from(atob(t.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
const text = b => b && btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const post = async (path, body) => {
  const r = await fetch("/api/v1/" + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
  const answer = await r.json();
  if (!r.ok) throw Object.assign(new Error(answer.message), { code: answer.code });
  return answer;
};
const read = o => {
  o.challenge = bytes(o.challenge);
  if (o.user) o.user.id = bytes(o.user.id);
  for (const c of [...(o.allowCredentials || []), ...(o.excludeCredentials || [])]) c.id = bytes(c.id);
  return o;
};
const written = c => {
  const r = c.response, response = { clientDataJSON: text(r.clientDataJSON) };
  for (const k of ["attestationObject", "authenticatorData", "signature", "userHandle"]) if (r[k]) response[k] = text(r[k]);
  if (r.getTransports) response.transports = r.getTransports();
  return { id: c.id, rawId: text(c.rawId), type: c.type, response, clientExtensionResults: {} };
};
const home = () => location.assign("/");
const say = e => {
  // Someone who closes the browser's own window knows that they did.
  // Our own errors have a word for a code; the browser's have a number.
  const ours = typeof e.code === "string", quiet = e.name === "AbortError" || e.name === "NotAllowedError";
  trouble.textContent = quiet ? "" : e.name === "InvalidStateError" ? "This device holds a passkey of yours already." : ours ? e.message : "Passkeys do not work at this address, or not in this browser. Your password does.";
  trouble.hidden = !trouble.textContent;
};
let waiting;
const signIn = async autofill => {
  waiting && waiting.abort();
  const mine = waiting = new AbortController();
  const { publicKey } = await post("session/passkey/options");
  if (mine.signal.aborted) return;
  const found = await navigator.credentials.get({ publicKey: read(publicKey), signal: mine.signal, ...(autofill && { mediation: "conditional" }) });
  await post("session/passkey", written(found));
  home();
};
const autofill = () => signIn(true).catch(say);
const register = async () => {
  const { publicKey } = await post("passkeys/options");
  const made = await navigator.credentials.create({ publicKey: read(publicKey) });
  await post("passkeys", { name: $("#passkey-name").value, credential: written(made) });
  home();
};
if (show) {
  const field = $("#password");
  show.hidden = false;
  show.onclick = () => {
    const open = field.type === "password";
    field.type = open ? "text" : "password";
    show.setAttribute("aria-pressed", open);
    field.focus();
  };
}
if (!box || !window.PublicKeyCredential) return;
box.hidden = false;
const flag = $("[name=passkeys]"), button = $("[data-passkey]"), registers = button.dataset.passkey === "register";
if (flag) {
  flag.value = "yes";
  // One leading button: the passkey's.
  $("[data-submit]").classList.remove("primary");
}
button.onclick = async () => {
  button.disabled = true;
  trouble.hidden = true;
  try {
    await (registers ? register() : signIn(false));
  } catch (e) {
    say(e);
    button.disabled = false;
    if (!registers) begin();
  }
};
const begin = async () => {
  const can = PublicKeyCredential.isConditionalMediationAvailable;
  if (!registers && can && await can.call(PublicKeyCredential)) autofill();
};
begin();
})();
