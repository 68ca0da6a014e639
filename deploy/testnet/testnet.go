// Package testnet serves HTTP over pipes inside the process, for tests in fake
// time (testing/synctest): a goroutine that waits for a network keeps fake time
// from passing, one that waits for a pipe does not. So whatever the machine is
// busy with, no time passes while anybody is at work, and a limit of seconds is
// never reached by accident.
//
// Only tests import it.
package testnet

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// URL is the address of a served server, for its own client.
const URL = "http://in.memory"

// Serve lets server answer until the test ends, which closes it, and returns the
// only client that reaches it. Called inside the bubble.
func Serve(t testing.TB, server *http.Server) *http.Client {
	t.Helper()
	if server.ReadHeaderTimeout == 0 {
		server.ReadHeaderTimeout = time.Hour
	}
	l := &pipes{arriving: make(chan net.Conn), closed: make(chan struct{})}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(l) // it always ends with an error
	}()
	transport := &http.Transport{DialContext: l.dial}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close() // nothing it closes can fail
		<-served
	})
	return &http.Client{Transport: transport}
}

// pipes is a listener without a network.
type pipes struct {
	arriving chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.arriving <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.arriving:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "in memory", Net: "unix"} }
