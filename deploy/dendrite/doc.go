// Package dendrite builds and runs a real Matrix homeserver on loopback, for
// the local city of `make run` and for end-to-end tests.
//
// Dendrite is a program of its own with a licence of its own (AGPL-3.0): it is
// built from the module in tools/, which pins its version, and runs as a child
// process. Nothing of it is imported or linked here.
//
// Start with [Build], then [Start]. A [Server] owns one child process and one
// data folder; [Server.Stop] ends the process, and with it the only goroutine.
package dendrite
