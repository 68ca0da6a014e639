package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"presence/deploy/dendrite"
)

// checkPorts refuses a taken port before anything is built or started.
func (set *settings) checkPorts(ctx context.Context) error {
	if err := checkPort(ctx, "PRESENCE_LISTEN", set.listen); err != nil || set.external {
		return err
	}
	return checkPort(ctx, "HOMESERVER_LISTEN", set.hsListen)
}

func checkPort(ctx context.Context, variable, addr string) error {
	err := dendrite.Listenable(ctx, addr)
	if err == nil {
		return nil
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s: cannot listen on %s: %w", variable, addr, err)
	}
	host, port, _ := net.SplitHostPort(addr)
	number, err := strconv.Atoi(port)
	if err != nil {
		return fmt.Errorf("%s: the port of %s must be a number", variable, addr)
	}
	return fmt.Errorf("port %d is taken%s.\nStop that program, or choose another port: %s=%s make run",
		number, heldBy(number), variable, net.JoinHostPort(host, strconv.Itoa(number+1)))
}

// heldBy names who listens on a port, as far as the system lets us see.
func heldBy(port int) string {
	if who := holder(port); who != "" {
		return " by " + who
	}
	return " by a program that this account may not see"
}
