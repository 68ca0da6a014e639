// Package city is the live city as browsers see it: one table of what the bus
// tells, and feeds of it over WebSocket (two formats) and server-sent events,
// each viewer seeing the rooms they may know of and no others.
//
// Start with [City]. The bus fills it ([City.CityReset] and the other methods
// of bus.CityWatcher), handlers serve from it ([City.ServeWebSocket],
// [City.ServeSSE]), and [City.Snapshot] gives REST a whole picture.
//
// # How a change reaches a socket
//
// Every change gives its room the next sequence number and moves it to the end
// of the table's order. At most every tick, Run makes one pass: for each
// *stream* (one format, one visibility class) it encodes what changed since the
// last pass once, and offers the same bytes to all of the stream's sockets. A
// socket that missed a pass has an older cursor; when it can be written again it
// pulls whatever changed since then, each room once and with its newest value.
// A new socket is one with cursor zero, and what it pulls is a snapshot. So
// there is nothing between a snapshot and the first delta that could be lost or
// told twice, and no queue that could grow.
//
// # Who owns what
//
// The table, the streams and the list of their sockets are guarded by City.mu.
// It is held for memory work only, never while a socket is written; a socket's
// own lock may be held when City.mu is taken, never the other way round. Run
// owns every goroutine except those of net/http.
package city
