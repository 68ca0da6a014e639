//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench: Linux only: the load generator uses epoll, and CPU and memory are read from /proc")
	os.Exit(1)
}
