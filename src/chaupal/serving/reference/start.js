// Shows the server's OpenAPI document with Scalar (scalar.js, as it was published). Everything comes from this server.
"use strict";

// The policy of this page lets no style element in but those that carry its nonce; the viewer makes some by itself.
const nonce = document.querySelector("meta[property=csp-nonce]").content;
const createElement = document.createElement.bind(document);
document.createElement = (name, ...options) => {
  const element = createElement(name, ...options);
  if (String(name).toLowerCase() === "style") element.nonce = nonce;
  return element;
};

// The viewer would send the examples of optional headers with every call that is tried out, and a second one with the
// same Idempotency-Key is not done again.
function withoutExamplesOfHeaders(shown) {
  for (const parameter of Object.values(shown.components.parameters)) {
    if (parameter.in === "header" && !parameter.required) delete parameter.example;
  }
  return shown;
}

async function show(place) {
  const answer = await fetch(place.dataset.document);
  if (!answer.ok) throw new Error(`the OpenAPI document was answered with ${answer.status}`);
  Scalar.createApiReference(place, {
    content: withoutExamplesOfHeaders(await answer.json()),
    authentication: { preferredSecurityScheme: "accessToken" },
    defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
    documentDownloadType: "none",
    metaData: { title: document.title },
    // Nothing of its makers' services: no fonts, no counting, no assistant, no proxy.
    withDefaultFonts: false,
    telemetry: false,
    agent: { disabled: true },
    mcp: { disabled: true },
    hideClientButton: true,
    showDeveloperTools: "never",
  });
}

document.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("reference");
  show(place).catch((error) => {
    const trouble = document.createElement("p");
    trouble.className = "trouble";
    trouble.textContent = `The reference cannot be shown: ${error.message}.`;
    place.replaceChildren(trouble);
  });
});
