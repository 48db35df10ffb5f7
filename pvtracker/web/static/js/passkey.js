// Passkeys: the browser signs the server's challenge, the form carries the answer. Without script these forms stay hidden.
(() => {
  const fromBase64 = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const toBase64 = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const decode = (options) => {
    const key = { ...options.publicKey, challenge: fromBase64(options.publicKey.challenge) };
    if (key.user) key.user = { ...key.user, id: fromBase64(key.user.id) };
    for (const list of ["allowCredentials", "excludeCredentials"]) {
      if (key[list]) key[list] = key[list].map((one) => ({ ...one, id: fromBase64(one.id) }));
    }
    return { publicKey: key };
  };

  const encode = (credential) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = toBase64(credential.response[name]);
    }
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    return JSON.stringify({
      id: credential.id,
      rawId: toBase64(credential.rawId),
      type: credential.type,
      response,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  };

  async function optionsOf(form) {
    if (!form.dataset.passkey) return JSON.parse(document.getElementById("passkey-options").textContent);
    const answer = await fetch(form.dataset.passkey, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error("no answer");
    return answer.json();
  }

  const askFor = (form, isNew) => async (event) => {
    event.preventDefault();
    const line = form.querySelector("[data-passkey-status]");
    line.textContent = "Waiting for your device …";
    try {
      const options = (await optionsOf(form))[isNew ? "creation_options" : "request_options"];
      if (isNew) {
        Object.assign(options.publicKey.authenticatorSelection, {
          residentKey: "required", requireResidentKey: true, userVerification: "required",
        });
      }
      const given = isNew ? await navigator.credentials.create(decode(options)) : await navigator.credentials.get(decode(options));
      form.querySelector("[name=credential]").value = encode(given);
      line.textContent = "";
      form.dispatchEvent(new CustomEvent("pv:passkey", { bubbles: true, cancelable: true })) && form.submit();
    } catch {
      line.textContent = "The passkey was not used: it was cancelled, or this device knows none for this room. Try again.";
    }
  };

  const start = (root) => {
    if (!window.PublicKeyCredential) return;
    for (const form of root.querySelectorAll("form[data-passkey], form[data-passkey-new]")) {
      if (form.dataset.passkeyReady) continue;
      form.dataset.passkeyReady = "true";
      form.hidden = false;
      form.addEventListener("submit", askFor(form, form.hasAttribute("data-passkey-new")));
    }
  };
  document.addEventListener("DOMContentLoaded", () => start(document));
  document.addEventListener("pv:fragment", (event) => start(event.target));
})();
