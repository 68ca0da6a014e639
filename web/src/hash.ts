// Addresses. The part after #: "#room=general" opens a room, "#token=…"
// brings a token and is removed from the address at once.

export function roomInHash(hash: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, "")).get("room");
}

export function tokenInHash(hash: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, "")).get("token");
}

export function hashOf(slug: string | null): string {
  return slug === null ? "" : `#room=${slug}`;
}

// spaceLink is where a room's space is entered.
export function spaceLink(slug: string): string {
  return `/space/city/${encodeURIComponent(slug)}`;
}

// joinLink is a matrix: URI (MSC2312), which opens the visitor's own client
// and asks no third party.
export function joinLink(alias: string, roomId: string): string | null {
  if (alias.startsWith("#")) return `matrix:r/${encodeURIComponent(alias.slice(1)).replaceAll("%3A", ":")}?action=join`;
  if (roomId.startsWith("!")) return `matrix:roomid/${encodeURIComponent(roomId.slice(1)).replaceAll("%3A", ":")}?action=join`;
  return null;
}
