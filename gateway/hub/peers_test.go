package hub_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"presence/deploy/testnats"
	"presence/gateway/hub"
	"presence/gateway/wire"
	"presence/spaces"
)

// TestRelayIsBounded: a few who say all they may are not more than what the
// space relays. Nobody is closed for it, and what else people do goes on.
func TestRelayIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // or a loaded machine would take so long that there is room again
		w := newWorld(t, nil)
		alice, bob := w.enter("alice"), w.enter("bob")
		relayed, refused := 0, 0
		for i := range 8 {
			c := w.enter(fmt.Sprint("loud-", i))
			for range 15 {
				err := c.member.Send(wire.EntityCustom, "loud", json.RawMessage(`"`+strings.Repeat("x", 16_000)+`"`))
				switch spaces.ErrorCode(err) {
				case "":
					relayed++
				case spaces.CodeRateLimited:
					refused++
				default:
					t.Fatal(err)
				}
			}
		}
		if relayed < 1<<20/16_002 || refused == 0 {
			t.Errorf("%d relayed, %d refused", relayed, refused)
		}
		ok(t, alice.member.Emote("wave"))
		bob.text("emote")
		ok(t, alice.member.SendTo("bob", wire.EntityCustom, "alone", json.RawMessage(`1`)))
		bob.until("alone", func(n notice) bool { return n.Name == "alone" })
		w.stop()
	})
}

// TestShouting: what many say at once reaches other gateways whole and in
// order, and nobody's words are lost with those of who shouts.
func TestShouting(t *testing.T) {
	t.Parallel()
	const shouters, words = 4, 14
	n := testnats.Start(t)
	here := newGateway(t, n, "here", nil, func(c *hub.Config) { c.Tick = time.Second })
	there := newGateway(t, n, "there", nil)
	alice := here.enter("alice")
	bob := newClient(t, "bob")
	there.enterAs(bob, lobby)
	alice.until("bob", func(n notice) bool { return n.Type == "member.joined" && n.Member.Session == "bob" })
	loud := make([]*client, shouters)
	for i := range loud {
		name := fmt.Sprint("loud-", i)
		loud[i] = here.enter(name)
		bob.until(name, func(n notice) bool { return n.Type == "member.joined" && n.Member.Session == name })
	}
	for word := range words {
		for _, c := range loud {
			ok(t, c.member.Send(wire.EntityCustom, fmt.Sprint(word), json.RawMessage(`"`+strings.Repeat("x", 16_000)+`"`)))
		}
	}
	ok(t, alice.member.Emote("wave"))
	next := map[string]int{}
	for range shouters * words {
		said := bob.text("custom")
		if said.Name != fmt.Sprint(next[said.From]) || len(said.Data) != 16_002 {
			t.Fatalf("%s says %q, %d bytes, want word %d", said.From, said.Name, len(said.Data), next[said.From])
		}
		next[said.From]++
	}
	if n := bob.text("emote"); n.From != "alice" {
		t.Errorf("an emote arrives as %+v", n)
	}
}
