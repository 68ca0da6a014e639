// Package child runs one program beside ours and never leaves it behind: its
// output goes to a file, its death is noticed, and it ends with us.
//
// Each [Process] has one goroutine, started by [Start], which lives exactly as
// long as the program does. The program gets a process group of its own, so
// that Ctrl-C on a terminal reaches only the parent, which then stops its
// children in the order it wants.
package child
