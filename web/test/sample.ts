// Frames as the server sends them, to be bent by the tests.

export const presence = {
  online_count: 3, active_count: 2, idle_count: 1, typing_count: 1, agent_count: 1,
  agents: [{ display_name: "Concierge", status: "busy" }],
  member_count: 9, source: "matrix", stale: false, as_of: 1_700_000_000_000, last_event_ts: 1_700_000_000_000, vr_count: 1,
};

export const room = {
  slug: "general", id: "room_city_general", name: "General", description: "The square", zone: "central", room_type: "public",
  icon: "", color: "#ff8800", is_public: true, matrix_room_id: "!g:example", matrix_room_alias: "#city_general:example",
  map: { x: 0, y: 0, w: 2, h: 1 }, presence,
};

export const totals = { online_count: 3, active_count: 2, idle_count: 1, agent_count: 1, typing_count: 1, rooms_online: 1 };

export const status = { state: "live", sync: "ok", as_of: 1_700_000_000_000, presence: "supported", source: "matrix", message: "" };

export const snapshot = {
  type: "city.snapshot", seq: 41, ts: 1_700_000_000_000, status, totals,
  zones: [{ zone: "central", ...totals }], grid: { w: 6, h: 4 }, rooms: [room],
};
