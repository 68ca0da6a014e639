// A city made up for looking at the pages: serves the built pages and speaks the
// feed and the spaces' protocol with invented people. A development tool; nothing of it is shipped.
//
//   npm run build && npm run demo        then open http://127.0.0.1:8090/
//
// /demo/<name> chooses what the city does, for this browser only.

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { createReadStream, existsSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { cities } from "./cities.js";
import * as spaces from "./spaces.js";

const port = Number(process.env.DEMO_PORT ?? 8090);
const dist = fileURLToPath(new URL("../../gateway/ui/dist", import.meta.url));
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

const chosen = (req) => /demo=([a-z]+)/.exec(req.headers.cookie ?? "")?.[1] ?? "lively";

const server = createServer((req, res) => {
  const path = new URL(req.url, "http://demo").pathname;
  const name = path.match(/^\/demo\/([a-z]+)$/)?.[1];
  if (name && cities[name]) return res.writeHead(302, { "Set-Cookie": `demo=${name}; Path=/`, Location: "/city" }).end();
  if (path === "/") return res.writeHead(200, { "Content-Type": "text/html" }).end(menu());
  if (path === "/api/auth/guest") return guest(req, res);
  if (path === "/api/city/rooms") return res.writeHead(cities[chosen(req)].refuses ? 401 : 200).end("[]");
  if (path.startsWith("/api/spaces/")) return space(path, res);
  const page = path === "/city" ? "index.html" : path.startsWith("/space/") ? "space.html" : path;
  const file = normalize(join(dist, page));
  if (!file.startsWith(dist) || !existsSync(file)) return res.writeHead(404).end("not found");
  res.writeHead(200, { "Content-Type": types[extname(file)] ?? "text/plain", "Content-Security-Policy": policy });
  createReadStream(file).pipe(res);
});

function space(path, res) {
  const found = spaces.detail(path);
  const body = found ?? { code: "not_found", message: "Space not found or access denied" };
  res.writeHead(found ? 200 : 404, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

function guest(req, res) {
  const status = cities[chosen(req)].guest ?? 200;
  const body = status === 200 ? { token: token() } : { status, detail: "The city is closed for maintenance." };
  setTimeout(() => res.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body)), 50);
}

function token() {
  const part = (o) => Buffer.from(JSON.stringify(o)).toString("base64url");
  const body = `${part({ alg: "none" })}.${part({ sub: "guest:demo", exp: Math.floor(Date.now() / 1000) + 3600 })}`;
  return `${body}.${createHash("sha256").update(body).digest("base64url")}`;
}

const menu = () => `<h1>Demo cities</h1><ul>${Object.keys(cities).map((n) => `<li><a href="/demo/${n}">${n}</a>`).join("")}</ul>
<h1>Demo spaces</h1><ul>${spaces.menu.map(([kind, path]) => `<li><a href="${path}">${kind}</a>`).join("")}</ul>`;

const sockets = new WebSocketServer({ server, handleProtocols: (offered) => [...offered][0] });
sockets.on("connection", (socket, req) => {
  if (req.url.startsWith("/ws/space")) return spaces.visit(socket);
  socket.on("message", (m) => String(m) === "ping" && socket.send("pong"));
  let seq = 0;
  const send = (frame) => socket.send(JSON.stringify({ ...frame, seq: ++seq }));
  const stop = cities[chosen(req)].play(send, (code) => socket.close(code));
  socket.on("close", () => stop?.());
});

server.listen(port, "127.0.0.1", () => console.log(`demo: http://127.0.0.1:${port}/`));
