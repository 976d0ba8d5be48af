// The calls of first-steps.html. A browser cannot be called by webhooks; it reads the live stream instead.
//
// An application secret in a page is known to whoever opens the page, so this one asks for it. A site for others signs
// people in by OAuth, on a server of its own, and hands the page an access token.

"use strict";

const COME_BACK_MS = 3_000;
const session = {};

async function call(method, path, body) {
  const answer = await fetch(`${session.endpoint}v1${path}`, {
    method,
    headers: { accessToken: session.accessToken, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  return read(answer);
}

async function read(answer) {
  const content = await answer.json();
  if (content.errorCode) {
    throw new Error(`${content.message} (${content.errorCode}, request ${content.requestId})`);
  }
  return content;
}

const steps = {
  async "sign-in"({ apiRoot, ...headers }) {
    const answer = await read(await fetch(`${apiRoot.replace(/\/+$/, "")}/v1/accessToken`, { headers }));
    session.accessToken = answer.accessToken;
    session.endpoint = answer.endpointUrl; // it ends in a slash
    const { name, mobileNumber } = await call("GET", "/users/me");
    enable("group");
    return `Signed in as ${name || mobileNumber}.`;
  },

  async group({ name }) {
    const { cursor } = await call("GET", "/sync"); // from here on nothing is missed
    const { groupId } = await call("POST", "/groups", { name });
    session.groupId = groupId;
    enable("message");
    enable("survey");
    follow(groupId, cursor);
    return `Made the group ${groupId}.`;
  },

  async message({ message }) {
    const { referenceId } = await call("POST", `/groups/${session.groupId}/messages`, { message });
    return `Sent as ${referenceId}.`;
  },

  async survey({ question, options }) {
    const titles = options.split(",").map((title) => title.trim());
    const { actionId } = await call("POST", `/groups/${session.groupId}/actions`, {
      actionType: "Survey",
      actionBody: {
        title: question,
        questions: [{ title: question, type: "SingleOption", options: titles.map((title) => ({ title })) }],
      },
    });
    await call("POST", `/groups/${session.groupId}/actions/${actionId}/responses`, {
      actionType: "Survey",
      actionBody: { answers: [titles[0]] },
    });
    return `Posted and answered as ${actionId}.`;
  },
};

function enable(id) {
  document.querySelector(`#${id} fieldset`).disabled = false;
}

for (const form of document.forms) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fieldset = form.querySelector("fieldset");
    const output = form.querySelector("output");
    const fields = Object.fromEntries(new FormData(form));
    fieldset.disabled = true;
    try {
      output.textContent = await steps[form.id](fields);
      output.className = "wide";
    } catch (error) {
      output.textContent = error.message;
      output.className = "wide refused";
    } finally {
      fieldset.disabled = false;
    }
  });
}

// Shows what happens in the latest group, for as long as the page is open; after a break it goes on where it was.
async function follow(groupId, cursor) {
  let lastId = cursor;
  while (groupId === session.groupId) {
    try {
      const headers = { accessToken: session.accessToken, "Last-Event-ID": lastId };
      const stream = await fetch(`${session.endpoint}v1/events?groupId=${groupId}`, { headers });
      if (stream.status === 401 || stream.status === 410) {
        const { message } = await stream.json();
        show({ eventType: "The stream has ended", data: { text: message } });
        return;
      }
      for await (const { id, data } of stream.ok ? eventsOf(stream.body) : []) {
        if (data && groupId === session.groupId) {
          show(JSON.parse(data));
        }
        lastId = id ?? lastId;
      }
    } catch (error) {
      console.info("The stream has broken:", error.message);
    }
    await new Promise((resume) => setTimeout(resume, COME_BACK_MS));
  }
}

// The fields of each Server-Sent Event.
async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) {
      return;
    }
    const blocks = (waiting + value).split("\n\n");
    waiting = blocks.pop();
    for (const block of blocks) {
      yield Object.fromEntries(block.split("\n").map((line) => line.split(/: ?(.*)/s)));
    }
  }
}

function show({ eventType, fromUserName, fromUser, data }) {
  const item = document.createElement("li");
  const title = document.createElement("b");
  title.textContent = eventType; // as text: what people have written is no HTML
  const answers = data.responseDetails?.responseWithQuestions ?? [];
  const given = answers.filter((each) => each.answer !== undefined && !each.isInvisible).map((each) => each.answer);
  item.append(title, [data.text ?? data.title, given.join(", ")].filter(Boolean).join(" "));
  const sender = fromUserName || fromUser;
  if (sender) {
    item.append(` (${sender})`);
  }
  document.querySelector("#events").prepend(item);
}
