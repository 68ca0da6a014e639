// Package hub is the shared spaces of one gateway: who is inside, what they are
// told, and the tick that tells everybody where everybody is.
//
// Doors (package gateway/door) bring clients in with [Hub.Enter] and speak for
// them through a [Member]. One goroutine owns each space; it is born with the
// first member and ends with the last.
package hub
