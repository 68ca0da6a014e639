package gateway

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
)

func TestLimiterRefills(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	l := newLimiter(3, time.Second)
	addr := netip.MustParseAddr("203.0.113.9")
	for i, step := range []struct {
		after time.Duration
		ok    bool
		wait  time.Duration
	}{
		{0, true, 0},
		{0, true, 0},
		{0, true, 0},
		{0, false, time.Second},
		{600 * time.Millisecond, false, 400 * time.Millisecond},
		{400 * time.Millisecond, true, 0},
		{0, false, time.Second},
		{time.Hour, true, 0},
	} {
		now = now.Add(step.after)
		if wait, ok := l.take(now, addr); ok != step.ok || wait != step.wait {
			t.Errorf("step %d: got %s, %t; want %s, %t", i, wait, ok, step.wait, step.ok)
		}
	}
}

// TestLimiterIsBounded: whoever has a million addresses fills the table, and
// neither grows it nor shuts others out.
func TestLimiterIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	l := newLimiter(3, time.Second)
	addr := netip.MustParseAddr("10.0.0.0")
	for range 3 * maxBuckets {
		addr = addr.Next()
		if _, ok := l.take(now, addr); !ok {
			t.Fatalf("%s is refused", addr)
		}
	}
	if len(l.fulls) > maxBuckets {
		t.Errorf("the table holds %d addresses, want at most %d", len(l.fulls), maxBuckets)
	}
	l.take(now.Add(time.Hour), addr)
	if len(l.fulls) > maxBuckets {
		t.Errorf("the table holds %d addresses", len(l.fulls))
	}
}

func TestLimiterTakesAnIPv6NetworkForOne(t *testing.T) {
	t.Parallel()
	l := newLimiter(1, time.Second)
	now := time.Now()
	if _, ok := l.take(now, netip.MustParseAddr("2001:db8::1")); !ok {
		t.Fatal("the first is refused")
	}
	if _, ok := l.take(now, netip.MustParseAddr("2001:db8::2")); ok {
		t.Error("a customer's second address is another customer")
	}
	if _, ok := l.take(now, netip.MustParseAddr("2001:db8:0:1::1")); !ok {
		t.Error("another network is the same customer")
	}
}

func TestRemote(t *testing.T) {
	t.Parallel()
	g := &Gateway{proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}}
	for name, c := range map[string]struct{ conn, forwarded, want string }{
		"direct":                   {"203.0.113.9:1", "", "203.0.113.9"},
		"direct, header made up":   {"203.0.113.9:1", "198.51.100.1", "203.0.113.9"},
		"one proxy":                {"10.0.0.1:1", "203.0.113.9", "203.0.113.9"},
		"two proxies":              {"10.0.0.1:1", "203.0.113.9, 10.0.0.2", "203.0.113.9"},
		"hop made up in front":     {"10.0.0.1:1", "198.51.100.1, 203.0.113.9", "203.0.113.9"},
		"proxy without the header": {"10.0.0.1:1", "", "10.0.0.1"},
		"nonsense":                 {"10.0.0.1:1", "203.0.113.9, hunter2", "10.0.0.1"},
		"with a port":              {"[::1]:1", "[2001:db8::1]:443", "2001:db8::1"},
		"mapped":                   {"[::ffff:10.0.0.1]:1", "203.0.113.9", "203.0.113.9"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.RemoteAddr = c.conn
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := g.remote(r).String(); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// FuzzRemote: no header makes an untrusted connection look like another, or
// crashes.
func FuzzRemote(f *testing.F) {
	f.Add("203.0.113.9:1", "10.0.0.1, 203.0.113.9")
	f.Add("[fe80::1%eth0]:1", ",,[::1]:x,%")
	g := &Gateway{proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	f.Fuzz(func(t *testing.T, conn, forwarded string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.RemoteAddr = conn
		r.Header["X-Forwarded-For"] = []string{forwarded}
		got := g.remote(r)
		if direct := hostAddr(conn); !g.trusted(direct) && got != direct {
			t.Fatalf("a connection from %s is taken for %s", direct, got)
		}
	})
}
