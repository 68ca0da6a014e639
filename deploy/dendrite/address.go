package dendrite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"time"
)

// Free ports are looked for below the range that systems take the ports of
// outgoing connections from (32768 on Linux): a port from that range was seen
// to be gone when the server, stopped by a test, wanted it back.
const (
	firstPort = 20000
	lastPort  = 32000
)

// address makes a loopback host:port out of what was asked for, and keeps it
// when it was chosen here: Dendrite cannot say which port it got for 0.
func address(ctx context.Context, listen string) (addr string, release func(), err error) {
	host, port, err := net.SplitHostPort(listen)
	if listen != "" && err != nil {
		return "", nil, fmt.Errorf("homeserver address %q: %w", listen, err)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	if !IsLoopback(host) {
		return "", nil, fmt.Errorf("homeserver address %q: this homeserver is for development and listens on loopback only, for example 127.0.0.1:8008", listen)
	}
	if port != "" && port != "0" {
		return net.JoinHostPort(host, port), func() {}, nil
	}
	return KeepAddress(ctx, host)
}

// IsLoopback tells whether only this machine reaches a host.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// KeepAddress chooses a host:port that nobody listens on and keeps it until
// release, also while the program that uses it is stopped: for programs that
// have to be told their port. Only those who ask here too respect it.
func KeepAddress(ctx context.Context, host string) (addr string, release func(), err error) {
	var errs []error
	for range 20 {
		port := firstPort + rand.IntN(lastPort-firstPort) //nolint:gosec // a port number is no secret
		addr := net.JoinHostPort(host, strconv.Itoa(port))
		release, err := keep(ctx, addr)
		if err == nil {
			return addr, release, nil
		}
		errs = append(errs, err)
	}
	return "", nil, fmt.Errorf("find a free port: %w", errors.Join(errs...))
}

// keep holds the UDP port of the same number, which says "mine" to the other
// test programs of this machine and goes with us however we end.
func keep(ctx context.Context, addr string) (release func(), err error) {
	mine, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp", addr)
	if err != nil {
		return nil, err
	}
	if err := Listenable(ctx, addr); err != nil {
		return nil, errors.Join(err, mine.Close())
	}
	return func() { mine.Close() }, nil
}

// Listenable tells whether nobody listens on addr. Whoever did would answer in
// the name of our server. It looks several times: a child that is just being
// born holds copies of our sockets for a moment, closed ones included.
func Listenable(ctx context.Context, addr string) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for try := 1; ; try++ {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
		if err == nil {
			return l.Close()
		}
		if try == 10 {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
