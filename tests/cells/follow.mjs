// Makes one call with Node's own fetch, which follows redirects, and prints status, final address and body.
const [method, url, token, body, contentType] = process.argv.slice(2);
const headers = { accessToken: token };
if (contentType) headers["Content-Type"] = contentType;
if (process.env.ACCEPT_308) headers["X-Accept-308"] = "1";
const answer = await fetch(url, { method, headers, body: body || undefined });
console.log(JSON.stringify({ status: answer.status, url: answer.url, body: await answer.json() }));
