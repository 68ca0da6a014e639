// The invented spaces of the demo: presence.space.v1 with people who walk about
// and talk. Chat lives in memory. DEMO_BOTS=300 makes a crowd.

const kinds = {
  lobby: ["global", "lobby", "Lobby", "Everybody's place: meet here, then walk on."],
  city: ["city", "general", "Central Square", "The main square. Everybody passes through here."],
  blog: ["post", "alice/on-walking", "On walking through cities", "A few thoughts on streets."],
  art: ["post", "frida/small-works", "Small works on paper", "Sixteen pictures and two objects."],
  game: ["post", "bob/lantern-run", "Lantern Run", "Best of three."],
  aframe: ["post", "carol/first-scene", "My first scene", "A box, a ball and a cylinder."],
  vrml: ["post", "dave/gopher-world", "Gopher World 1997", "Found on an old disk."],
  360: ["post", "erin/above-the-clouds", "Above the clouds", "Taken at six in the morning."],
  document: ["document", "42", "Charter of the quarter", "Second draft."],
};
const text = "# On walking\n\nA city is read with the feet. You learn a street by its doors, its smells, the hour at which its lamps come on.\n\nWhoever walks slowly enough is greeted. Whoever is greeted twice belongs. ".repeat(6);

const environments = {
  360: { sky: "/assets/pictures-1/river-at-dawn.svg", links: [] },
  art: { sky: "", links: ["01", "04", "08", "10", "12"].map((n) => `/assets/pictures-1/colour-${n}.svg`) },
};

const names = ["alice", "bob", "carol", "dave", "erin", "frida", "Guest Heron", "Guest Lynx", "ماريا", "さくら", "Guest Otter", "mallory", "nils", "Олена", "peggy", "Guest Wren"];
const isGuest = (name) => name.startsWith("Guest");
let seed = 11;
const random = () => ((seed = (seed * 16807) % 2147483647) / 2147483647);
const now = () => new Date().toISOString();

const find = (key) => Object.entries(kinds).find(([, [type, id]]) => key.startsWith(`${type}:${id}:`) || key === `${type}/${id}`) ?? ["lobby", kinds.lobby];

export function detail(path) {
  const key = decodeURIComponent(path.replace(/^\/api\/spaces\//, ""));
  if (key.includes("nothing")) return null;
  const [kind, [space_type, space_id, title, description]] = find(key);
  return {
    space: { space_type, space_id, subspace: "main", kind, title, description, environment: environments[kind] ?? { sky: "", links: [] }, content: ["blog", "document"].includes(kind) ? text : "", owner: kind === "city" || kind === "lobby" ? "" : space_id.split("/")[0], zone: kind === "city" ? "central" : "", nsfw: key.includes("nsfw"), active_users: 7, max_users: 50, connected_users: names.slice(0, 4).map((name) => ({ name })) },
    has_access: true, role: "guest", can_write: true, reason: "",
  };
}

const worlds = new Map(); // space key -> world

function world(key, bots) {
  let w = worlds.get(key);
  if (w) return w;
  w = { members: new Map(), sockets: new Map(), events: [], seq: 0, lastID: 0, lastRef: 0, messages: new Map() };
  worlds.set(key, w);
  for (let i = 0; i < bots; i++) addBot(w, i);
  const first = say(w, "alice", "Good evening! Who wants to see the fountain?");
  say(w, "Guest Heron", "On my way. It is @alice who knows the place best.", { mentions: ["alice"] });
  const arabic = say(w, "ماريا", "مساء الخير جميعاً، هذا المكان جميل جداً");
  say(w, "さくら", "こんばんは。いい眺めですね。", { reply_to: arabic.id });
  say(w, "bob", "Plans for tomorrow are at https://example.org/plans, have a look.");
  say(w, "carol", "I can bring lanterns.", { parent_id: first.id });
  say(w, "nils", "Count me in.", { parent_id: first.id });
  react(w, first, "hive:bob", "👍");
  react(w, first, "hive:carol", "👍");
  react(w, first, "hive:dave", "🎉");
  setInterval(() => tick(w), 100);
  return w;
}

function addBot(w, i) {
  const name = i < names.length ? names[i] : `visitor ${i}`;
  const m = newMember(w, name, `hive:${name}`, isGuest(name) || i >= names.length, ["native", "socketio", "naf", "raw"][i % 9 === 3 ? 1 : i % 11 === 5 ? 2 : 0]);
  const a = i * 2.4;
  const r = 2 + (i % 9) * 1.1 + (i > 40 ? random() * 14 : 0);
  m.bot = { x: Math.sin(a) * r, z: 6 - Math.abs(Math.cos(a) * r), yaw: random() * 6, goal: null, rest: random() * 40 };
  m.pose = pose(m.bot);
}

const pose = (b) => ({ p: [b.x, 1.6, b.z], r: [0, Math.sin(b.yaw / 2), 0, Math.cos(b.yaw / 2)] });

function newMember(w, name, subject, guest, door = "native") {
  const m = { session: `s${++w.lastRef}`, ref: w.lastRef, subject: guest ? subject.replace("hive:", "guest:") : subject, account: guest ? "" : name, name, guest, door, avatar: null, voice: false, connected_at: now(), pose: null };
  w.members.set(m.session, m);
  return m;
}

const shown = ({ bot: _, told: __, ...m }) => m;

function tick(w) {
  const moved = [];
  for (const m of w.members.values()) {
    if (m.bot) stroll(w, m);
    if (m.told !== JSON.stringify(m.pose) && m.pose) {
      m.told = JSON.stringify(m.pose);
      moved.push(m);
    }
  }
  if (moved.length === 0 || w.sockets.size === 0) return;
  const b = Buffer.alloc(6 + moved.length * 12);
  b.writeUInt8(2, 0);
  b.writeUInt32LE(Date.now() % 2 ** 32, 2);
  moved.forEach((m, i) => {
    const at = 6 + i * 12;
    b.writeUInt16LE(m.ref, at);
    m.pose.p.forEach((c, j) => b.writeInt16LE(Math.floor(c * 100 + 0.5), at + 2 + j * 2));
    b.writeUInt32LE(pack(m.pose.r), at + 8);
  });
  for (const s of w.sockets.keys()) s.send(b);
}

function stroll(w, m) {
  const b = m.bot;
  if (!b.goal) {
    if (--b.rest > 0) return;
    b.goal = { x: (random() - 0.5) * 14, z: random() * 12 - 2 };
    if (random() < 0.2) everybody(w, { type: "emote", from: m.session, emote: ["wave", "heart", "laugh", "clap"][Math.floor(random() * 4)] });
  }
  const [dx, dz] = [b.goal.x - b.x, b.goal.z - b.z];
  const d = Math.hypot(dx, dz);
  if (d < 0.3) {
    b.goal = null;
    b.rest = 20 + random() * 120;
  } else {
    b.yaw = Math.atan2(-dx, -dz);
    b.x += (dx / d) * 0.22;
    b.z += (dz / d) * 0.22;
  }
  m.pose = pose(b);
}

function pack(r) {
  const drop = r.reduce((best, c, i) => (Math.abs(c) > Math.abs(r[best]) ? i : best), 0);
  const sign = r[drop] < 0 ? -1 : 1;
  return r.reduce((bits, c, i) => (i === drop ? bits : bits * 1024 + Math.floor((c * sign * Math.SQRT2 * 0.5 + 0.5) * 1023 + 0.5)), drop);
}

const everybody = (w, message, but) => [...w.sockets.keys()].forEach((s) => s !== but && s.send(JSON.stringify(message)));

function event(w, kind, message, by) {
  const e = { seq: ++w.seq, kind, message, by, at: now() };
  w.events.push(e);
  everybody(w, { type: "chat", event: e });
}

function say(w, name, content, more = {}, who = { subject: isGuest(name) ? `guest:${name}` : `hive:${name}`, account: isGuest(name) ? "" : name, name, guest: isGuest(name) }) {
  const m = { id: ++w.lastID, client_id: more.client_id ?? `c${w.lastID}`, ...who, type: "text", content, mentions: more.mentions ?? [], parent_id: more.parent_id ?? 0, reply_to: more.reply_to ?? 0, thread_count: 0, reactions: [], edited: false, deleted: false, created_at: now(), updated_at: now() };
  w.messages.set(m.id, m);
  const parent = w.messages.get(m.parent_id);
  if (parent) parent.thread_count++;
  event(w, "new", { ...m }, m.subject);
  return m;
}

function react(w, m, subject, reaction, on = true) {
  const r = m.reactions.find((x) => x.reaction === reaction) ?? { reaction, count: 0, subjects: [] };
  r.subjects = [...r.subjects.filter((s) => s !== subject), ...(on ? [subject] : [])];
  r.count = r.subjects.length;
  m.reactions = [...m.reactions.filter((x) => x.reaction !== reaction), ...(r.count ? [r] : [])];
  event(w, "reaction", structuredClone(m), subject);
}

const fault = (id, op, code, message, fix = "") => ({ type: "error", id, op, code, field: "", message, fix });

const bots = Number(process.env.DEMO_BOTS ?? 12);

export function visit(socket) {
  const send = (m) => socket.send(JSON.stringify(m));
  const name = `Guest Fox ${Math.floor(Math.random() * 90 + 10)}`;
  const subject = `guest:${name}`;
  let w, me;
  send({ type: "hello", session: "pending", subject, account: "", name, guest: true, now: now(), protocol: 1 });
  const leave = () => {
    if (!w || !me) return;
    w.sockets.delete(socket);
    w.members.delete(me.session);
    everybody(w, { type: "member.left", session: me.session, ref: me.ref });
    me = null;
  };
  const acts = {
    join(m) {
      if (m.space.includes("full")) return send({ type: "waiting", space: m.space, position: 3, length: 8, seats: 50 });
      if (m.space.includes("banned")) return send(fault(m.id, "join", "forbidden", "you are banned from this space until 2026-12-24T18:00:00Z: shouting"));
      const [kind, [, , title, description]] = find(m.space);
      w = world(m.space, bots);
      me = newMember(w, name, `hive:${name}`, true);
      me.pose = m.pose ?? null;
      w.sockets.set(socket, me);
      send({ type: "joined", space: m.space, title, description, kind, owner: "", nsfw: false, role: "guest", can_write: true, self: { session: me.session, ref: me.ref }, members: [...w.members.values()].map(shown), chat_seq: w.seq, tick_ms: 100, now: now(), settings: {} });
      everybody(w, { type: "member.joined", member: shown(me) }, socket);
      send({ type: "ack", id: m.id });
    },
    leave() {
      leave();
      send({ type: "left", space: "", reason: "" });
    },
    emote: (m) => everybody(w, { type: "emote", from: me.session, emote: m.emote }, socket),
    typing(m) {
      me.typing = m.on;
      everybody(w, { type: "typing", sessions: [...w.members.values()].filter((x) => x.typing).map((x) => x.session) });
    },
    "chat.send"(m) {
      if (/forbidden/.test(m.content)) return send(fault(m.id, "chat.send", "invalid", "this word is not welcome here", "Say it differently"));
      const known = [...w.messages.values()].find((x) => x.client_id === m.client_id);
      const message = known ?? say(w, name, m.content, m, { subject, account: "", name, guest: true });
      send({ type: "ack", id: m.id, message });
      if (/^hello/i.test(m.content)) setTimeout(() => w && say(w, "alice", `Hello @${name}, welcome!`, { mentions: [name] }), 900);
    },
    "chat.edit"(m) {
      const line = w.messages.get(m.message_id);
      Object.assign(line, { content: m.content, edited: true });
      event(w, "edited", { ...line }, subject);
      send({ type: "ack", id: m.id, message: line });
    },
    "chat.delete"(m) {
      const line = w.messages.get(m.message_id);
      Object.assign(line, { content: "", deleted: true });
      event(w, "deleted", { ...line }, subject);
      send({ type: "ack", id: m.id, message: line });
    },
    "chat.react"(m) {
      const line = w.messages.get(m.message_id);
      react(w, line, subject, m.reaction, m.on);
      send({ type: "ack", id: m.id, message: line });
    },
    "chat.history"(m) {
      const all = [...w.messages.values()].filter((x) => x.parent_id === (m.parent_id ?? 0) && (!m.before || x.id < m.before));
      const page = all.slice(-(m.limit ?? 50));
      send({ type: "ack", id: m.id, messages: page, has_more: page.length < all.length });
    },
    "chat.since"(m) {
      const events = w.events.filter((e) => e.seq > m.seq);
      send({ type: "ack", id: m.id, events, next: w.seq, more: false, reset: false });
    },
    ping: (m) => send({ type: "ack", id: m.id, now: now() }),
  };
  socket.on("message", (data, isBinary) => {
    if (isBinary) {
      if (me && data.length >= 12) me.pose = { p: [0, 2, 4].map((at) => data.readInt16LE(2 + at) / 100), r: unpack(data.readUInt32LE(8)) };
      return;
    }
    const m = JSON.parse(String(data));
    acts[m.type]?.(m);
  });
  socket.on("close", leave);
}

function unpack(bits) {
  const drop = bits >>> 30;
  const small = [20, 10, 0].map((s) => ((((bits >>> s) & 1023) / 1023 - 0.5) * 2) / Math.SQRT2);
  small.splice(drop, 0, Math.sqrt(Math.max(0, 1 - small.reduce((n, c) => n + c * c, 0))));
  return small;
}

export const menu = Object.entries(kinds).map(([kind, [type, id]]) => [kind, `/space/${type}/${id}`]);
