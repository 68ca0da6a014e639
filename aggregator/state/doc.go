// Package state decides who is where: the pure engine between what a
// homeserver says and what the city is told.
package state
