package auth_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"presence/gateway/auth"
	"presence/spaces"
)

// networks returns the Network of a viewer from an address by each way in.
func networks(t *testing.T, w *world, address string) []string {
	t.Helper()
	at := func(header ...string) *http.Request {
		r := request(t, "/", header...)
		if address == "" {
			return r
		}
		return r.WithContext(auth.WithAddress(r.Context(), netip.MustParseAddr(address)))
	}
	signed := at("Authorization", "Bearer "+city(t))
	known, _, err := w.FromRequest(signed)
	ok(t, err)
	joins, _, err := w.FromJoin(signed, "", spaces.Key{Type: spaces.TypeGlobal, ID: spaces.Lobby})
	ok(t, err)
	guest, _, err := w.FromJoin(at(), "", spaces.Key{Type: spaces.TypeGlobal, ID: spaces.Lobby})
	ok(t, err)
	shakes, _, err := w.FromHandshake(t.Context(), at(), []byte(`{"token":"`+city(t)+`"}`))
	ok(t, err)
	visitor, _, err := w.FromHandshake(t.Context(), at(), nil)
	ok(t, err)
	return []string{known.Network, joins.Network, guest.Network, shakes.Network, visitor.Network}
}

// TestNetwork: where somebody comes from is a pseudonym, the same by every way
// in and at every gateway, and made with the city's secret.
func TestNetwork(t *testing.T) {
	t.Parallel()
	w, gateway := newWorld(t), newWorld(t)
	other := newWorld(t, func(c *auth.Config) { c.Secret = []byte("the-secret-of-another-city-32-by") })
	want := networks(t, w, "203.0.113.7")[0]
	if len(want) < 20 || strings.Contains(want, "203") {
		t.Errorf("the pseudonym is %q", want)
	}
	for _, c := range []struct {
		what, address string
		in            *world
		want          string
	}{
		{"the same address", "203.0.113.7", w, want},
		{"the same at another gateway", "203.0.113.7", gateway, want},
		{"this machine", "127.0.0.1", w, spaces.LocalNetwork},
		{"this machine, IPv6", "::1", w, spaces.LocalNetwork},
		{"not known", "", w, ""},
		{"one IPv6 customer", "2001:db8:1:2::7", w, networks(t, w, "2001:db8:1:2:ffff::9")[0]},
	} {
		for way, got := range networks(t, c.in, c.address) {
			if got != c.want {
				t.Errorf("%s: by way %d it is %q, want %q", c.what, way, got, c.want)
			}
		}
	}
	seen := map[string]bool{want: true}
	for _, different := range []string{networks(t, w, "203.0.113.8")[0], networks(t, w, "2001:db8:1:2::7")[0], networks(t, w, "2001:db8:1:3::7")[0]} {
		if seen[different] {
			t.Errorf("%s stands for two networks", different)
		}
		seen[different] = true
	}
	if guestFrom(t, other, "203.0.113.7") == want {
		t.Error("another secret makes the same pseudonym")
	}
}

// guestFrom is the Network of a new guest.
func guestFrom(t *testing.T, w *world, address string) string {
	t.Helper()
	r := request(t, "/")
	v, _, err := w.FromHandshake(t.Context(), r.WithContext(auth.WithAddress(r.Context(), netip.MustParseAddr(address))), nil)
	ok(t, err)
	return v.Network
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
