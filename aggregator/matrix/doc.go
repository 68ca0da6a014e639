// Package matrix is the aggregator's side of the client-server API: the
// daemon's session, the filter, the /sync decoder, joins, member lists and the
// question whether the homeserver has presence at all.
//
// It knows the quirks of Synapse and Dendrite and nothing of cities: out come
// the facts of package state, and failures sorted by what to do about them
// ([Classify]). Requests go through mautrix; only /sync is decoded here,
// because one malformed event must not cost the rest of a response, and
// because an initial sync of a large server has to fit in a second of CPU.
//
// It starts no goroutine. [Client] may be used by several at once.
package matrix
