// Package aggregator is the Matrix sync daemon: it follows /sync with one
// account, decides who is where, and publishes that on the bus.
//
// Only the holder of the bus's lease works ([Aggregator.Run]); the others wait.
// One leadership is a term, and a term is one goroutine that owns everything:
// the tables (package state), what waits to be published (package throttle),
// where we are in the homeserver's stream, and what is to be done next. It
// never waits for anybody. Whatever waits is a job in a goroutine of its own,
// at most one of each sort, and ends with a function that the term runs:
//
//	            ┌────────── poll ── /sync ──────────┐
//	            ├────────── save ── SQL ────────────┤
//	term loop ──┼────────── publish ── NATS ────────┼──> inbox ──> term loop
//	            ├────────── links ── SQL ───────────┤
//	            └────────── errands ── joins, … ────┘
//
// A response is applied as a whole, then saved together with its cursor in one
// transaction; the next poll waits for that, but a save follows the last one
// only after a quarter of a second. When SQL is away polling and publishing go on, and
// the whole table is saved when it is back; until then a restart resumes from
// the older cursor with the older tables, which is exact. When NATS is away
// the throttle keeps the newest value of every room.
//
// Start with term.go, then poll.go.
package aggregator
