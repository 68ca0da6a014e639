// Package crowd lets residents live in a city through the same calls a chat
// client makes: presence, typing, messages, receipts, joins and leaves.
//
// [Crowd.Run] owns one goroutine for each resident, which sleeps and wakes by
// the hour of a city day that lasts a few minutes, walks between its rooms,
// reads and talks. A city of thirty makes about eight requests a second.
package crowd
