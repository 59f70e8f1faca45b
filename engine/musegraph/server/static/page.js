// The page of a server whose canvas is not there: hands the token in, and shows what is run.

const state = document.getElementById("state");
const list = document.getElementById("runs");
const hint = document.getElementById("hint");
const shown = new Map();

const ask = (path, options = {}) =>
  fetch(path, { ...options, headers: { "X-Requested-By": "musegraph", ...options.headers } });

// The token stands behind the #, which a browser sends to nobody; from then on there is a cookie.
async function enter() {
  const token = new URLSearchParams(location.hash.slice(1)).get("t");
  if (!token) return;
  const answer = await ask("/api/session", { method: "POST", headers: { Authorization: `Bearer ${token}` } });
  if (answer.ok) history.replaceState(null, "", "/");
}

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function say(text, on = false) {
  state.textContent = text;
  state.dataset.on = on;
}

function show(run) {
  hint.hidden = true;
  const card = make("li");
  const head = make("div", "head");
  head.append(make("span", "name", run.name || "untitled"), make("span", `status ${run.state}`, run.state));
  if (run.finished && run.started) head.append(make("span", "status", `${(run.finished - run.started).toFixed(1)} s`));
  card.append(head);
  if (run.state === "running") card.append(make("progress"));
  if (run.error) card.append(make("p", "error", run.error));
  const outputs = make("div", "outputs");
  for (const [name, output] of Object.entries(run.outputs)) {
    for (const file of output.files ?? []) outputs.append(picture(name, file));
    if (!(output.files ?? []).length) outputs.append(make("span", "status", `${name}: ${JSON.stringify(output.value)}`));
  }
  if (outputs.childElementCount) card.append(outputs);
  const before = shown.get(run.id);
  if (before) before.replaceWith(card);
  else list.prepend(card);
  shown.set(run.id, card);
}

function picture(name, file) {
  const figure = make("figure");
  const link = make("a");
  link.href = `/api/assets/${file.asset}`;
  if (file.media.startsWith("image/")) {
    const image = make("img");
    image.src = `${link.href}/thumbnail?size=384`;
    image.alt = name;
    image.loading = "lazy";
    link.append(image);
  } else link.textContent = file.name;
  figure.append(link, make("figcaption", "", name));
  return figure;
}

function progress(event) {
  const bar = shown.get(event.run)?.querySelector("progress");
  if (bar && event.total) Object.assign(bar, { max: event.total, value: event.done });
}

async function load() {
  const history = await (await ask("/api/runs?limit=50")).json();
  const queue = await (await ask("/api/queue?limit=50")).json();
  list.replaceChildren();
  shown.clear();
  for (const run of [...history.runs.reverse(), ...queue.runs.reverse()]) show(run);
}

function listen() {
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/events`);
  socket.onopen = async () => {
    await load();
    say("connected", true);
  };
  socket.onmessage = ({ data }) => {
    for (const event of JSON.parse(data).events ?? []) {
      if (event.type === "run") show(event.facts);
      else if (event.type === "step_progress") progress(event);
      else if (event.type === "queue") load();
    }
  };
  socket.onclose = () => {
    say("not connected; trying again …");
    setTimeout(listen, 1000);
  };
}

await enter();
if ((await ask("/api/status")).ok) listen();
else say("Open the address that musegraph serve has printed: it brings the token along.");
