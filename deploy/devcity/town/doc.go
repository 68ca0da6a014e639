// Package town is the city that `make run` shows: its rooms, the people who
// live in it and how both come to be on a homeserver.
//
// [Plan] is the written-down city. [Build] makes what is missing of it, through
// the client API as anybody would, and may be run any number of times.
// [WriteLinks] writes the rooms down for presence. The package starts nothing
// that outlives its calls.
package town
