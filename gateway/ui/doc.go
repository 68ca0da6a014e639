// Package ui is the web client inside the binary: the files that `npm run
// build` left in dist, and the handler that serves them.
//
// Sources are in web/ at the root of the repository. There are two pages: the
// city, and one for all spaces, which reads from its address which one it is.
// Files under /assets/ have a hash in their name, or a number that changes with
// them, and may be kept for ever; the pages are asked for again on every visit.
// Everything is read and checked once by [New] and never changes afterwards, so
// the handler needs no lock and starts no goroutine.
package ui
