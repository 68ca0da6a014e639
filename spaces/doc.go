// Package spaces is the vocabulary every other package speaks: links between
// Matrix rooms and the city, the presence values that travel from the
// aggregator to browsers, who is looking, and the errors they may be shown.
//
// It holds nouns and rules, does no I/O, starts no goroutine and imports
// nothing but the standard library, so that any package may import it.
//
// Start with [Link] (a Matrix room placed in the city), then [RoomPresence]
// (what is published about it), then [Viewer] (who may see it).
package spaces
