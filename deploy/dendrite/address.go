package dendrite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Free ports are looked for below the range that systems take the ports of
// outgoing connections from (32768 on Linux): a port from that range was seen
// to be gone when the server, stopped by a test, wanted it back.
const (
	firstPort = 20000
	lastPort  = 32000
)

// address makes a loopback host:port out of what was asked for. Dendrite
// cannot say which port it got for 0, so a free one is found here.
func address(ctx context.Context, listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if listen != "" && err != nil {
		return "", fmt.Errorf("homeserver address %q: %w", listen, err)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", fmt.Errorf("homeserver address %q: this homeserver is for development and listens on loopback only, for example 127.0.0.1:8008", listen)
	}
	if port != "" && port != "0" {
		return net.JoinHostPort(host, port), nil
	}
	return FreeAddress(ctx, host)
}

// FreeAddress returns a host:port that nobody listens on and that no outgoing
// connection will take, for programs that have to be told their port.
func FreeAddress(ctx context.Context, host string) (string, error) {
	var errs []error
	for range 20 {
		port := firstPort + rand.IntN(lastPort-firstPort) //nolint:gosec // a port number is no secret
		addr := net.JoinHostPort(host, strconv.Itoa(port))
		err := listenable(ctx, addr)
		if err == nil {
			return addr, nil
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("find a free port: %w", errors.Join(errs...))
}

// listenable tells whether nobody listens on addr. Whoever did would answer in
// the name of our server.
func listenable(ctx context.Context, addr string) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return l.Close()
}
