package gateway_test

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"presence/spaces"
)

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(time.Minute); !holds(); <-look.C {
		if time.Now().After(deadline) {
			t.Fatalf("never %s", what)
		}
	}
}

// gauge is the value of a metric without labels.
func gauge(t *testing.T, registry *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

// TestTooManyConnections: when clients hold as many connections as they may, the
// next is told so, one after that is closed, operators still see what happens,
// and everything goes on as soon as there is room.
func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	base, _, _ := run(t, func(o *options) { o.MaxConnections, o.Registry = 4, registry })
	open := func(n float64) func() bool {
		return func() bool { return gauge(t, registry, "presence_connections") == n }
	}
	dial := func() net.Conn { // closed in 10 s, since it says nothing

		c, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	streams := []*http.Response{request(t, http.MethodGet, base+"/presence/stream"), request(t, http.MethodGet, base+"/presence/stream")}
	eventually(t, "two streams on two connections", open(4))

	answer := request(t, http.MethodGet, base+"/city/")
	p := refused(t, answer, http.StatusServiceUnavailable, spaces.CodeUnavailable)
	if !answer.Close || answer.Header.Get("Retry-After") == "" || !strings.Contains(p.Detail, "connections") {
		t.Errorf("Close %v, Retry-After %q, %s", answer.Close, answer.Header.Get("Retry-After"), p.Detail)
	}
	eventually(t, "the refused one is closed", open(4))
	if answer := request(t, http.MethodGet, base+"/healthz"); answer.StatusCode != http.StatusOK {
		t.Errorf("an operator gets %d", answer.StatusCode)
	}
	eventually(t, "the operator's is closed", open(4))
	dial()
	eventually(t, "one that waits for its refusal", open(5))
	if _, err := dial().Read(make([]byte, 1)); err == nil {
		t.Error("one far too many is let in")
	}

	for _, stream := range streams {
		_ = stream.Body.Close()
	}
	eventually(t, "the streams are closed", func() bool { return gauge(t, registry, "presence_connections") <= 1 })
	if answer := request(t, http.MethodGet, base+"/city/"); answer.StatusCode != http.StatusOK {
		t.Errorf("with room again: %d", answer.StatusCode)
	}
}

// TestTooManyOfOneAddress: what an address holds open is bounded, the addresses
// of one IPv6 customer together, and nobody else pays for it.
func TestTooManyOfOneAddress(t *testing.T) {
	t.Parallel()
	base, _, _ := run(t, func(o *options) { o.MaxConnectionsOf, o.TrustedProxies = 2, []string{"127.0.0.0/8"} })
	from := func(address, path string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Forwarded-For", address)
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}
	const stream = "/presence/stream"
	for _, addresses := range [][4]string{
		{"203.0.113.7", "203.0.113.7", "203.0.113.7", "203.0.113.8"},
		{"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"},
	} {
		first := from(addresses[0], stream)
		if second := from(addresses[1], stream); first.StatusCode != http.StatusOK || second.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d, %d", addresses, first.StatusCode, second.StatusCode)
		}
		answer := from(addresses[2], stream)
		p := refused(t, answer, http.StatusTooManyRequests, spaces.CodeRateLimited)
		if answer.Header.Get("Retry-After") == "" || !strings.Contains(p.Detail, "from this address") {
			t.Errorf("Retry-After %q, %s", answer.Header.Get("Retry-After"), p.Detail)
		}
		if other := from(addresses[3], stream); other.StatusCode != http.StatusOK {
			t.Errorf("another address gets %d", other.StatusCode)
		}
		if page := from(addresses[0], "/city/"); page.StatusCode != http.StatusOK {
			t.Errorf("the page is refused with %d", page.StatusCode)
		}
		_ = first.Body.Close()
		eventually(t, "there is room again", func() bool { return from(addresses[2], stream).StatusCode == http.StatusOK })
	}
	for range 5 { // this machine may be anybody's
		if local := request(t, http.MethodGet, base+stream); local.StatusCode != http.StatusOK {
			t.Errorf("from this machine: %d", local.StatusCode)
		}
	}
}
