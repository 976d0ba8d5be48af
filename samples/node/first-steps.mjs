// From a refresh token to an answered survey, with Node 18 or newer and no package.
//
// Needs a running server and what `chaupal init` printed:
//
//   APPLICATION_ID=... APPLICATION_SECRET=... REFRESH_TOKEN=... node first-steps.mjs
//
// The last steps receive a webhook on this machine; the server calls it where CHAUPAL_CALLBACK_ALLOW names 127.0.0.1.

import { createServer } from "node:http";

const { APPLICATION_ID, APPLICATION_SECRET, REFRESH_TOKEN } = process.env;
const API_ROOT = process.env.API_ROOT ?? "http://127.0.0.1:8080";
const CALLBACK_PORT = Number(process.env.CALLBACK_PORT ?? 8099);
const CALLBACK_TOKEN = "open-sesame";
const TIMEOUT_MS = 60_000;

async function call(method, url, headers, body) {
  const answer = await fetch(url, {
    method,
    headers: { "Content-Type": "application/json", ...headers },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const content = await answer.json();
  if (content.errorCode) {
    throw new Error(`${content.errorCode}: ${content.message} (request ${content.requestId})`);
  }
  return content;
}

// Listens on this machine; gives the server, and a promise of the first event.
async function receive() {
  let take;
  const firstEvent = new Promise((resolve) => {
    take = resolve;
  });
  const server = createServer(async (request, answer) => {
    const url = new URL(request.url, `http://127.0.0.1:${CALLBACK_PORT}`);
    if (request.method === "GET") {
      answer.end(url.searchParams.get("validationToken") ?? ""); // the proof that this address is ours
      return;
    }
    const parts = [];
    for await (const part of request) {
      parts.push(part);
    }
    if (request.headers["kz-callback-token"] !== CALLBACK_TOKEN) {
      answer.writeHead(403).end();
      return;
    }
    answer.end(); // first take it, then work
    take(JSON.parse(Buffer.concat(parts).toString("utf-8")));
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(CALLBACK_PORT, "127.0.0.1", resolve);
  });
  return { server, firstEvent };
}

const { accessToken, endpointUrl } = await call("GET", `${API_ROOT}/v1/accessToken`, {
  applicationId: APPLICATION_ID,
  applicationSecret: APPLICATION_SECRET,
  refreshToken: REFRESH_TOKEN,
});
const post = (path, body) => call("POST", `${endpointUrl}v1${path}`, { accessToken }, body); // it ends in a slash

const { groupId } = await post("/groups", { name: "Shop floor", members: ["+919876500001"] });
console.log("Made the group", groupId);

const { referenceId } = await post(`/groups/${groupId}/messages`, { message: "The shop opens at nine." });
console.log("Sent the message", referenceId);

const { actionId } = await post(`/groups/${groupId}/actions`, {
  actionType: "Survey",
  actionBody: {
    title: "How was the day?",
    dueDate: 48, // hours
    questions: [
      { title: "Sales", type: "SingleOption", options: [{ title: "Good" }, { title: "Poor" }] },
      { title: "Customers", type: "Numeric" },
    ],
  },
});
console.log("Posted the survey", actionId);

const { server, firstEvent } = await receive();
const { webhookId } = await post("/webhook", {
  objectId: actionId,
  objectType: "Action",
  eventTypes: ["SurveyResponse"],
  callBackUrl: `http://127.0.0.1:${CALLBACK_PORT}/`,
  callBackToken: CALLBACK_TOKEN,
});
console.log("Registered the webhook", webhookId);

await post(`/groups/${groupId}/actions/${actionId}/responses`, {
  actionType: "Survey",
  actionBody: { answers: ["Good", 42] },
});
const event = await firstEvent;
for (const { title, answer, isInvisible } of event.data.responseDetails.responseWithQuestions) {
  if (answer !== undefined && !isInvisible) {
    console.log("Received:", title, "=", answer);
  }
}

await call("DELETE", `${endpointUrl}v1/webhook/${webhookId}`, { accessToken });
server.close();
server.closeAllConnections();
console.log("Done");
