// Which space an address names. The id of a post or document holds a slash,
// written as one or as %2F.

export interface Place {
  type: string;
  id: string;
  subspace: string;
}

// placeIn reads /space/{type}/{id} and /space/{type}/{id}/{subspace}; null for
// an address that names no space.
export function placeIn(pathname: string): Place | null {
  const parts = pathname.replace(/\/+$/, "").split("/").slice(2);
  let names: string[];
  try {
    names = parts.map(decodeURIComponent);
  } catch {
    return null;
  }
  const [type, first, ...rest] = names;
  if (!type || !first || rest.some((part) => part === "")) return null;
  // An unencoded "author/permlink" is two parts; anything else is one.
  const isSplit = (type === "post" || (type === "document" && !/^\d+$/.test(first))) && !first.includes("/");
  const [id, after] = isSplit && rest.length > 0 ? [`${first}/${rest[0]}`, rest.slice(1)] : [first, rest];
  if (after.length > 1) return null;
  return { type, id, subspace: after[0] ?? "main" };
}

export function keyOf(place: Place): string {
  return `${place.type}:${place.id}:${place.subspace}`;
}

export function apiPath(place: Place): string {
  return `/api/spaces/${place.type}/${encodeURIComponent(place.id)}`;
}
