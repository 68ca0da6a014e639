// Command bench measures the gateway's city feed and its shared spaces beside
// Socket.IO servers that do the same work, in the same run and on the same machine: ratios mean
// something on any machine, absolute figures only on a quiet one.
//
//	go run ./bench [-rounds 3] [-only city|space]
//
// Workloads: W1 sends changes of rooms to 1,000 and 10,000 sockets, at 50,000
// deliveries a second and then as fast as each server can; W3 opens 5,000
// sockets at once, each of which proves a token and waits for a snapshot of 200
// rooms; W4 is the memory of an idle, subscribed socket at 10,000. W2 puts 50 to
// 1,000 people (our native door: 5,000) into one space, each of whom sends a
// pose ten times a second, and asks how old what everybody sees of everybody is
// (among 5,000: what 250 of them see, for all others the bytes are only taken).
// The load generator says how much of its own core it used and how late it was,
// and marks the rows which that decided.
//
// The program is the load generator ([load], one epoll loop) and starts each
// server as a process of its own: itself with the argument "serve" (server.go:
// the gateway's city feed, fed as the bus feeds it) or "serve-space"
// (serve_space.go: the hub behind its doors), and peer/server.js and
// peer/space.js under Node. With taskset and two cores or more, servers have one core and the load
// generator another. CPU and memory are the server process's own, read from
// /proc: Linux only. Everything happens on loopback and ends by itself.
package main
