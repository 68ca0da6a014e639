// The invented cities: each plays frames to one socket until it is closed.

let seed = 7;
const random = () => ((seed = (seed * 16807) % 2147483647) / 2147483647);
const upTo = (n) => Math.floor(random() * (n + 1));

const places = [
  // slug, name, zone, x, y, w, h, active, idle, typing, agents, description
  ["general", "General", "central", 0, 0, 2, 1, 9, 5, 2, 1, "The main square. Everybody passes through here."],
  ["welcome", "Welcome hall", "central", 2, 0, 1, 1, 2, 3, 0, 1, "New here? Say hello."],
  ["market", "Market", "east", 4, 0, 1, 1, 5, 1, 1, 0, "Offers, wishes, swaps."],
  ["workshop", "Workshop", "east", 4, 1, 1, 1, 3, 0, 0, 2, "Things being built, and things being fixed."],
  ["laboratory", "Laboratory", "north", 1, 1, 1, 2, 6, 4, 1, 3, "Experiments. Mind the glassware."],
  ["library", "Library", "north", 0, 1, 1, 1, 0, 4, 0, 0, "Quiet please."],
  ["observatory", "Observatory", "north", 0, 2, 1, 1, 0, 0, 0, 0, "Open on clear nights."],
  ["harbour", "Harbour", "south", 3, 2, 2, 1, 4, 2, 0, 0, "Ships, boats and bridges to other networks."],
  ["kitchen", "Kitchen", "south", 2, 2, 1, 1, 1, 0, 1, 0, "Something is always cooking."],
  ["theatre", "Theatre", "west", 5, 1, 1, 1, 0, 0, 0, 0, "Next show on Friday."],
  ["garden", "Garden", "west", 5, 2, 1, 1, 0, 2, 0, 0, "Slow talk under trees."],
  ["council", "Council chamber", "central", 3, 1, 1, 1, 2, 1, 0, 1, "Members only.", false],
];

const icons = { general: "home", welcome: "coffee", market: "cart", workshop: "wrench", laboratory: "flask", library: "book", observatory: "telescope", harbour: "anchor", theatre: "music", garden: "flower", council: "landmark", emoji: "🎈", mayday: "megaphone" };

const foreign = [
  ["square", "ساحة المدينة الكبرى", "central", 0, 0, 2, 1, 4, 2, 1, 0, "هنا يلتقي الجميع كل مساء للحديث عن المدينة وأخبارها."],
  ["teahouse", "夜市の茶屋", "east", 2, 0, 1, 1, 3, 1, 0, 1, "お茶とおしゃべり。どなたでもどうぞ。"],
  ["night-market", "台北夜市攤販聯誼會與美食交流討論區", "east", 3, 0, 1, 1, 12, 6, 3, 0, "小吃、夜景、閒聊。"],
  ["long", "The association for the advancement of unreasonably long room names and their friends", "north", 0, 1, 1, 1, 1, 0, 0, 0, "A description that goes on and on, ".repeat(8)],
  ["word", "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", "north", 1, 1, 1, 1, 0, 1, 0, 2, ""],
  ["mayday", "Майдан незалежності", "south", 2, 1, 2, 1, 1250, 830, 17, 12, "Площа, де збираються люди."],
  ["emoji", "🎈 Party 🎉 room", "west", 4, 0, 1, 2, 2, 2, 0, 0, "All are welcome"],
  ["ivrit", "כיכר העיר", "west", 5, 0, 1, 1, 0, 0, 0, 0, "מקום מפגש"],
];

function room([slug, name, zone, x, y, w, h, active, idle, typing, agents, description, isPublic = true]) {
  return {
    slug, id: `room_city_${slug}`, name, description, zone, room_type: isPublic ? "public" : "council", icon: icons[slug] ?? "", color: "", is_public: isPublic,
    matrix_room_id: `!${slug}:city.example`, matrix_room_alias: `#city_${slug}:city.example`, map: { x, y, w, h },
    presence: presence(active, idle, typing, agents),
  };
}

const bots = ["Concierge", "Librarian", "Weather", "Translator", "Archivist"];

function presence(active, idle, typing, agents, more = {}) {
  return {
    online_count: active + idle, active_count: active, idle_count: idle, typing_count: typing, agent_count: agents,
    agents: Array.from({ length: Math.min(agents, 5) }, (_, i) => ({ display_name: bots[i], status: i === 1 ? "busy" : "online" })),
    member_count: (active + idle) * 3 + 14, source: "matrix", stale: false, as_of: Date.now(), last_event_ts: Date.now() - 40_000,
    vr_count: Math.floor(active / 3), ...more,
  };
}

const totals = (rooms) => {
  const sum = (key) => rooms.reduce((n, r) => n + (r.presence?.[key] ?? 0), 0);
  return { online_count: sum("online_count"), active_count: sum("active_count"), idle_count: sum("idle_count"), agent_count: sum("agent_count"), typing_count: sum("typing_count"), rooms_online: rooms.filter((r) => r.presence?.online_count).length };
};

const zones = (rooms) => [...new Set(rooms.map((r) => r.zone))].sort().map((zone) => ({ zone, ...totals(rooms.filter((r) => r.zone === zone && r.is_public)) }));

const status = (more = {}) => ({ state: "live", sync: "ok", as_of: Date.now(), presence: "supported", source: "matrix", message: "", ...more });

function snapshot(rooms, more = {}) {
  return { type: "city.snapshot", ts: Date.now(), status: status(), totals: totals(rooms.filter((r) => r.is_public)), zones: zones(rooms), grid: { w: 6, h: 3 }, rooms, ...more };
}

// live changes a room now and then, as people do.
function live(send, rooms, everyMs = 1500) {
  const timer = setInterval(() => {
    const r = rooms[upTo(rooms.length - 1)];
    if (!r?.presence) return;
    const p = r.presence;
    r.presence = presence(Math.max(0, p.active_count + upTo(2) - 1), Math.max(0, p.idle_count + upTo(2) - 1), random() < 0.3 ? 1 + upTo(1) : 0, p.agent_count);
    r.presence.typing_count = Math.min(r.presence.typing_count, r.presence.active_count);
    send({ type: "city.room", slug: r.slug, presence: r.presence });
    send({ type: "city.totals", totals: totals(rooms.filter((x) => x.is_public)), zones: zones(rooms) });
  }, everyMs);
  return () => clearInterval(timer);
}

const city = (list) => list.map(room);
const with0 = (list) => list.map((p) => [...p.slice(0, 7), 0, 0, 0, 0, ...p.slice(11)]);
const alter = (rooms, change) => rooms.map((r) => ({ ...r, presence: change(r) }));

function sixty() {
  const zoneOf = ["north", "old-town", "central", "harbourside", "south", "university"];
  return Array.from({ length: 60 }, (_, i) => {
    const x = i % 10;
    const y = Math.floor(i / 10);
    const busy = random() < 0.55;
    return [`room-${i}`, `Room ${i + 1}`, zoneOf[Math.floor(y / 2) * 2 + (x > 4 ? 1 : 0)], x, y, 1, 1, busy ? upTo(7) : 0, busy ? upTo(4) : 0, random() < 0.12 ? 1 : 0, random() < 0.2 ? 1 + upTo(2) : 0, "One of many."];
  });
}

let visits = 0; // of the dropped city: one in six connections is let in

export const cities = {
  lively: { play: (send) => { const rooms = city(places); send(snapshot(rooms)); return live(send, rooms); } },
  still: { play: (send) => void send(snapshot(city(places))) },
  night: { play: (send) => void send(snapshot(city(with0(places)))) },
  norooms: { play: (send) => void send(snapshot([])) },
  loading: { play: () => undefined },
  stale: {
    play: (send) => {
      const old = Date.now() - 11 * 60_000;
      const rooms = alter(city(places), (r) => ({ ...r.presence, stale: true, typing_count: 0, as_of: old }));
      send(snapshot(rooms, { status: status({ state: "stale", sync: "lost", as_of: old, message: "the homeserver answers with an error (502)" }) }));
    },
  },
  unknown: { play: (send) => void send(snapshot(alter(city(places), () => null), { totals: null, zones: [], status: status({ state: "unknown", sync: "starting", as_of: 0 }) })) },
  partly: { play: (send) => void send(snapshot(alter(city(places), (r) => (/library|market|council|harbour/.test(r.slug) ? null : r.presence)))) },
  inferred: {
    play: (send) => void send(snapshot(alter(city(places), (r) => ({ ...r.presence, source: "inferred" })), { status: status({ presence: "disabled", source: "inferred" }) })),
  },
  dropped: { play: (send, close) => (visits++ % 6 === 0 ? (send(snapshot(city(places))), void setTimeout(() => close(1001), 1500)) : close(1001)) },
  expired: { refuses: true, play: (_send, close) => close(4401) },
  forbidden: { play: (_send, close) => close(4403) },
  closed: { guest: 503, play: () => undefined },
  noguests: { guest: 403, play: () => undefined },
  scripts: { play: (send) => void send(snapshot(city(foreign))) },
  sixty: { play: (send) => { const rooms = city(sixty()); send(snapshot(rooms, { grid: { w: 10, h: 6 } })); return live(send, rooms, 400); } },
};
