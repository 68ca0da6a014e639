// Package chat is what people write in spaces: one path for REST and sockets,
// from the rules over the database to everybody who is there.
//
// The commit is the truth. [Service.Send] and its siblings ask whether the
// viewer may, write the line and the event that tells of it in one transaction,
// and only then answer; a line that was acknowledged is stored. Each event has
// the next number (seq) of its space, without gaps, whichever gateway wrote it.
//
// # How an event reaches a client
//
// After the commit an event goes to the followers of this process at once, and
// over the durable stream of package bus to other gateways. Neither is trusted
// to be complete or in order: a follower ([Service.Follow]) delivers seq after
// seq, puts back in order what overtook, and reads the log in the database when
// something is missing. Every second one query asks which followed spaces are
// ahead of what arrived. So an outage of NATS makes lines late, and loses,
// doubles or swaps none.
//
// What could not be published stays in the outbox and is published later by
// any gateway; receivers know an event by its space and seq.
//
// # Who owns what
//
// Writers of one space that come at once are committed together by one of them
// (see committer). [Service.Run] owns the publisher, the poll and the
// retention; a follower has a goroutine of its own, which ends with its stop or
// with Run.
package chat
