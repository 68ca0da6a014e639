package bus_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"presence/deploy/testnats"
	"presence/spaces"
	"presence/spaces/bus"
)

func inbox() (chan string, func(string, []byte)) {
	got := make(chan string, 1024)
	return got, func(from string, payload []byte) { got <- from + ":" + string(payload) }
}

func want(t testing.TB, got <-chan string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		select {
		case one := <-got:
			if one != text {
				t.Fatalf("got %q, want %q", one, text)
			}
		case <-time.After(patience):
			t.Fatalf("never got %q", text)
		}
	}
}

var (
	lobbyKey = spaces.Key{Type: spaces.TypeGlobal, ID: spaces.Lobby, Subspace: spaces.MainSubspace}
	postKey  = spaces.Key{Type: spaces.TypePost, ID: "alice/my.first-room", Subspace: "a.b"}
)

// What one gateway says about a space reaches those that follow it, in order,
// and never itself.
func TestSpacesBetweenGateways(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	a := gateway(t, open(t, bus.Config{URL: n.URL()}), "a")
	b := gateway(t, open(t, bus.Config{URL: n.URL()}), "b")
	atA, deliverA := inbox()
	atB, deliverB := inbox()
	_, err := a.FollowSpace(postKey, deliverA)
	must(t, err)
	stopB, err := b.FollowSpace(postKey, deliverB)
	must(t, err)
	meet(t, b, postKey, atA)
	meet(t, a, postKey, atB)
	for i := range 100 {
		if !a.PublishSpace(postKey, fmt.Append(nil, i)) || !a.PublishSpace(lobbyKey, []byte("elsewhere")) {
			t.Fatal("dropped")
		}
	}
	for i := range 100 {
		want(t, atB, fmt.Sprint("a:", i))
	}
	stopB()
	if !b.PublishSpace(postKey, []byte("still speaks")) {
		t.Fatal("dropped")
	}
	want(t, atA, "b:still speaks") // and none of its own
	if a.PublishSpace(postKey, make([]byte, 1<<20)) {
		t.Error("a payload larger than the server's limit was taken")
	}
}

// meet waits until what from publishes arrives: an interest takes a moment to
// reach the server.
func meet(t testing.TB, from *post, key spaces.Key, got <-chan string) {
	t.Helper()
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	deadline := time.After(patience)
	hello := from.ID() + ":hello"
	for {
		from.PublishSpace(key, []byte("hello"))
		select {
		case <-got:
			from.PublishSpace(key, []byte("met"))
			for one := range got {
				if one == from.ID()+":met" {
					return
				}
				if one != hello {
					t.Fatalf("got %q", one)
				}
			}
		case <-retry.C:
		case <-deadline:
			t.Fatal("the gateways never met")
		}
	}
}

func TestMessagesToGateways(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	a := gateway(t, open(t, bus.Config{URL: n.URL()}), "a")
	b := gateway(t, open(t, bus.Config{URL: n.URL()}), "b")
	order := bus.Control{Kind: bus.ControlKick, Space: lobbyKey.String(), Subject: "hive:bob", Reason: "spam"}
	reach(t, func() bool { return a.SendControl(order) }, b.orders, order)
	b.SendGateway("a", []byte("1"))
	b.SendGateway("nobody", []byte("lost"))
	b.SendGateway("a", []byte("2"))
	want(t, a.direct, "b:1", "b:2")
	select {
	case c := <-a.orders:
		t.Errorf("a gateway heard its own order %+v", c)
	default:
	}
	for _, c := range []bus.Control{{}, {Kind: bus.ControlBan}, {Kind: "shout", Subject: "x"}, {Kind: bus.ControlBan, Subject: "x", Space: "nowhere"}} {
		if a.SendControl(c) {
			t.Errorf("%+v was sent", c)
		}
	}
}

func reach[V comparable](t testing.TB, send func() bool, got <-chan V, want V) {
	t.Helper()
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	deadline := time.After(patience)
	for {
		if !send() {
			t.Fatal("dropped")
		}
		select {
		case one := <-got:
			if one != want {
				t.Fatalf("got %+v, want %+v", one, want)
			}
			return
		case <-retry.C:
		case <-deadline:
			t.Fatalf("never got %+v", want)
		}
	}
}

// Without NATS nothing is kept and nobody waits; afterwards it goes on.
func TestSpacesWithoutNATS(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	a := gateway(t, open(t, bus.Config{URL: n.URL()}), "a")
	b := gateway(t, open(t, bus.Config{URL: n.URL()}), "b")
	got, deliver := inbox()
	_, err := b.FollowSpace(lobbyKey, deliver)
	must(t, err)
	meet(t, a, lobbyKey, got)
	n.Stop()
	eventually(t, "dropped", func() error {
		if a.PublishSpace(lobbyKey, []byte("hello")) {
			return fmt.Errorf("taken")
		}
		return nil
	})
	n.Start()
	meet(t, a, lobbyKey, got)
}

// A network that takes nothing holds nobody up: the queue fills, then drops.
func TestAStuckNetwork(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	strait := openStrait(t, strings.TrimPrefix(n.URL(), "nats://"))
	a := gateway(t, open(t, bus.Config{URL: "nats://" + strait.listener.Addr().String()}), "a")
	strait.freeze(true)
	payload := make([]byte, 100<<10)
	for a.PublishSpace(lobbyKey, payload) {
	}
	strait.freeze(false)
}
