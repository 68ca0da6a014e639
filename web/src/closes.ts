// Why the server closes a socket, the same numbers for the city and for spaces
// (gateway/wire/close.go); every other number is a plain reconnect.

export const goingAway = 1001;
export const tokenEnded = 4401;
export const forbidden = 4403;
export const slow = 4408;
export const replaced = 4409;
export const flood = 4429;

// explain says why there is no connection at the moment, in words for people.
export function explain(code: number): string {
  switch (code) {
    case goingAway:
      return "The server is restarting";
    case slow:
      return "This connection was too slow";
    case flood:
      return "This page asked too often";
    default:
      return "The connection was lost";
  }
}
