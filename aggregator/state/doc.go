// Package state decides who is where: the pure engine between what a
// homeserver says and what the city is told. It does no I/O, starts no
// goroutine and never asks for the time; an [Engine] belongs to one goroutine.
//
// What goes in: [Batch] (facts.go), one sync response applied as a whole, then
// compared; SetLinks, Reconcile, SetSync, SetPresenceSupport and Tick. What
// comes out: TakeChanged names what to look at, Room, City and User give the
// values, TakeRows gives what the database must know so that Restore answers
// the same after a restart.
//
// Inside, from the bottom up:
//
//   - [person] and [room] are the two indexes: a room knows its members, a
//     person knows their rooms. Both cover every room the daemon is joined to,
//     linked or not, so that a room linked later is right at once.
//   - A [place] is a linked room as it is published. It counts its people by
//     class, so that nothing ever walks a room's members to count them. After
//     a room upgrade a place stands on two rooms and counts each person once.
//   - A [zone] counts the distinct people of its public places by reference
//     counts kept in each person; the city is a zone of all public places.
//
// One change of one person therefore costs the rooms of that person, a join or
// leave costs nothing that grows, and only what is rare (a link edited, a whole
// member list, the daemon leaving a room) walks the members of that one room.
//
// Two rules shape the rest. Unknown is not offline: where nothing was observed
// there is no number. Blind is not empty: while sync is degraded or lost the
// clock of the tables stands still, so that nobody ages out of a room merely
// because we cannot see them.
package state
