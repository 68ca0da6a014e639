package hub_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"presence/gateway/hub"
	"presence/gateway/wire"
)

// TestShouting: what many say at once reaches other gateways whole and in
// order, and nobody's words are lost with those of who shouts.
func TestShouting(t *testing.T) {
	t.Parallel()
	const shouters, words = 4, 14
	n := startNATS(t)
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
