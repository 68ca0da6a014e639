package hub_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"presence/gateway/hub"
	"presence/gateway/wire"
	"presence/spaces"
)

// TestEverybodyHears: who comes, moves, acts and goes is told to all others.
func TestEverybodyHears(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	alice := w.enter("alice")
	alice.move(at(1, 1))
	bob := w.enter("bob")
	bob.sees(alice.ref, at(1, 1))
	if n := alice.text("member.joined"); n.Member.Session != "bob" || n.Member.Ref != bob.ref || bob.ref == alice.ref {
		t.Fatalf("alice hears %+v", n)
	}
	bob.move(at(2, 2))
	alice.sees(bob.ref, at(2, 2))

	ok(t, bob.member.Emote("wave"))
	if n := alice.text("emote"); n.From != "bob" || n.Emote != "wave" {
		t.Errorf("an emote is %+v", n)
	}
	voice := true
	ok(t, bob.member.Change(json.RawMessage(`{"hat":"red"}`), &voice))
	if n := alice.text("member.changed"); !n.Member.Voice || string(n.Member.Avatar) != `{"hat":"red"}` {
		t.Errorf("a new hat is %+v", n)
	}
	for i := range 20 {
		ok(t, bob.member.Send(wire.EntityCustom, "count", json.RawMessage([]byte{byte('0' + i/10), byte('0' + i%10)}[1-min(i/10, 1):])))
	}
	for i := range 20 {
		if n := alice.text("custom"); n.From != "bob" || n.Name != "count" || string(n.Data) != json.Number(string(rune('0'+i/10)) + string(rune('0'+i%10))).String()[1-min(i/10, 1):] {
			t.Fatalf("message %d is %+v", i, n)
		}
	}
	carol := w.enter("carol")
	ok(t, carol.member.Signal("alice", wire.SignalOffer, json.RawMessage(`{"sdp":"x"}`)))
	if n := alice.text("signal"); n.From != "carol" || n.Kind != wire.SignalOffer || string(n.Data) != `{"sdp":"x"}` {
		t.Errorf("an offer is %+v", n)
	}
	if bob.heard(func(n notice) bool { return n.Type == "signal" }) {
		t.Error("an offer for alice reaches bob")
	}
	ok(t, bob.member.Leave(t.Context()))
	if n := alice.text("member.left"); n.Session != "bob" {
		t.Errorf("bob's leaving is %+v", n)
	}
	if n := bob.text("left"); n.Space != lobby.String() || n.Reason != "" {
		t.Errorf("bob hears of his leaving %+v", n)
	}
}

// TestRoleOfAdmins: an admin of the city is told so, and may see what only
// admins are offered.
func TestRoleOfAdmins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for want, roles := range map[spaces.Role][]string{spaces.SpaceAdmin: {spaces.RoleAdmin}, spaces.SpaceGuest: nil} {
		c := newClient(t, "as-"+string(want))
		a := w.arrival(c, lobby)
		a.Viewer.Roles = roles
		_, err := w.hub.Enter(t.Context(), a)
		ok(t, err)
		if n := c.text("joined"); n.Role != string(want) {
			t.Errorf("with the roles %q one is %q in the space", roles, n.Role)
		}
	}
}

// TestLeavingIsComplete: nothing of a space reaches one who left, nothing of one
// who left stays in the space.
func TestLeavingIsComplete(t *testing.T) {
	t.Parallel()
	voices := newChat()
	w := newWorld(t, func(c *hub.Config) { c.Chat = voices })
	alice, bob := w.enter("alice"), w.enter("bob")
	ok(t, bob.member.Typing(true))
	if n := alice.text("typing"); len(n.Sessions) != 1 || n.Sessions[0] != "bob" {
		t.Fatalf("typing is %+v", n)
	}
	before := bob.member
	ok(t, before.Leave(t.Context()))
	if n := alice.text("typing"); len(n.Sessions) != 0 {
		t.Errorf("after leaving, typing is %+v", n)
	}
	other := lobby
	other.Subspace = "cellar"
	w.enterAs(bob, other)
	bob.text("joined")

	voices.say(lobby, "behind the door")
	alice.text("chat")
	alice.move(at(5, 5))
	ok(t, alice.member.Emote("wave"))
	alice.text("emote") // everybody has been told
	wantCode(t, alice.member.Signal("bob", wire.SignalOffer, json.RawMessage(`{}`)), spaces.CodeNotFound)
	wantCode(t, alice.member.SendTo("bob", wire.EntityCustom, "x", json.RawMessage(`{}`)), spaces.CodeNotFound)
	for name, err := range map[string]error{
		"move": before.Move(*at(1, 1), nil, nil), "emote": before.Emote("wave"), "typing": before.Typing(true),
		"send": before.Send(wire.EntityAFrame, "", json.RawMessage(`{}`)), "signal": before.Signal("alice", wire.SignalOffer, json.RawMessage(`{}`)),
	} {
		if spaces.ErrorCode(err) != spaces.CodeConflict {
			t.Errorf("after leaving, %s gives %v", name, err)
		}
	}
	voices.say(other, "in the cellar")
	if n := bob.text("chat"); n.Event.Message.Content != "in the cellar" {
		t.Errorf("bob hears %+v of the space he left", n)
	}
	if bob.heard(func(n notice) bool { return n.From == "alice" }) {
		t.Error("bob hears what alice does in the space he left")
	}
	if bob.pose(alice.ref) != (spaces.Pose{}) { // in the cellar nobody has moved
		t.Error("bob sees where alice is in the space he left")
	}
	ok(t, bob.member.Leave(t.Context()))
	ok(t, bob.member.Leave(t.Context()))
	if key := <-voices.stopped; key != other {
		t.Errorf("with the last who left, the chat of %v is no longer followed", key)
	}
}

// TestOneSessionOneSpace: entering another space leaves the first, and entering
// the same one again begins anew.
func TestOneSessionOneSpace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	alice, bob := w.enter("alice"), w.enter("bob")
	other := lobby
	other.Subspace = "cellar"
	first := bob.member
	w.enterAs(bob, other)
	if left := bob.text("left"); left.Space != lobby.String() {
		t.Errorf("bob leaves %+v", left)
	}
	bob.text("joined")
	alice.text("member.left")
	<-first.Gone()
	w.enterAs(bob, other)
	bob.text("left")
	if joined := bob.text("joined"); len(joined.Members) != 1 {
		t.Errorf("bob finds %+v", joined.Members)
	}
	w.enterAs(bob, lobby)
	alice.text("member.joined")
}

// TestTypingEndsByItself in fake time.
func TestTypingEndsByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		alice, bob := w.enter("alice"), w.enter("bob")
		ok(t, bob.member.Typing(true))
		alice.text("typing")
		start := time.Now()
		if n := alice.text("typing"); len(n.Sessions) != 0 {
			t.Errorf("typing is %+v", n)
		}
		if took := time.Since(start); took < 5*time.Second || took > 7*time.Second {
			t.Errorf("typing ends after %v", took)
		}
		w.stop()
	})
}

// TestRefusals are what nobody may do, each with its reason.
func TestRefusals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		alice := w.enter("alice")
		m := alice.member
		nan := at(math.NaN(), 0)
		wantCode(t, m.Move(*nan, nil, nil), spaces.CodeInvalid)
		wantCode(t, m.Move(*at(0, math.Inf(1)), nil, nil), spaces.CodeInvalid)
		wantCode(t, m.Move(*at(328, 0), nil, nil), spaces.CodeInvalid)
		wantCode(t, m.Move(spaces.Pose{Rotation: spaces.Quat{X: 3}}, nil, nil), spaces.CodeInvalid)
		large := json.RawMessage(`"` + strings.Repeat("x", 16<<10) + `"`)
		wantCode(t, m.Move(*at(0, 0), large, nil), spaces.CodeTooLarge)
		wantCode(t, m.Send(wire.EntityAFrame, "", large), spaces.CodeTooLarge)
		wantCode(t, m.Change(json.RawMessage(`"`+strings.Repeat("x", 2<<10)+`"`), nil), spaces.CodeTooLarge)
		wantCode(t, m.Change(json.RawMessage(`{`), nil), spaces.CodeInvalid)
		wantCode(t, m.Emote("Wave!"), spaces.CodeInvalid)
		wantCode(t, m.Signal("alice", "hello", json.RawMessage(`{}`)), spaces.CodeInvalid)
		wantCode(t, m.Signal(lobby.String(), wire.SignalOffer, json.RawMessage(`{}`)), spaces.CodeNotFound) // a space is no session

		refused := func(do func() error) (after int) {
			for after = range 10_000 {
				if err := do(); err != nil {
					wantCode(t, err, spaces.CodeRateLimited)
					return after
				}
			}
			return after
		}
		for name, flood := range map[string]struct {
			do   func() error
			most int
		}{
			"emotes":   {func() error { return m.Emote("wave") }, 12},
			"typing":   {func() error { return m.Typing(true) }, 12},
			"changes":  {func() error { return m.Change(json.RawMessage(`{}`), nil) }, 12},
			"entities": {func() error { return m.Send(wire.EntityAFrame, "", json.RawMessage(`{}`)) }, 120},
			"bytes":    {func() error { return m.Send(wire.EntityAFrame, "", large[:16<<10]) }, 16},
			"signals":  {func() error { return m.Signal("alice", wire.SignalOffer, json.RawMessage(`{}`)) }, 200},
		} {
			if name == "bytes" {
				time.Sleep(10 * time.Second) // entities are counted too
			}
			if after := refused(flood.do); after > flood.most {
				t.Errorf("%d %s at once are taken", after, name)
			}
		}
		time.Sleep(2 * time.Second)
		ok(t, m.Emote("wave"))
		if w.metric("presence_hub_refused_total") == 0 {
			t.Error("nothing is counted as refused")
		}
		w.stop()
	})
}

// TestSpeed: nobody races; who jumps does so by the rule.
func TestSpeed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		walk := func(id string, metres float64, teleport bool) (refused int) {
			m := w.enter(id).member
			ok(t, m.Move(*at(-300, 0), nil, nil))
			for i := range 100 { // ten seconds at 10 Hz
				time.Sleep(100 * time.Millisecond)
				p := at(-300+metres*float64(1+i%int(600/metres)), 0)
				p.Teleport = teleport || i%int(600/metres) == 0
				if m.Move(*p, nil, nil) != nil {
					refused++
				}
			}
			return refused
		}
		if n := walk("runner", 1.5, false); n > 0 {
			t.Errorf("%d steps of a runner are refused", n)
		}
		if n := walk("racer", 30, false); n < 50 {
			t.Errorf("only %d steps of a racer at 300 m/s are refused", n)
		}
		if n := walk("jumper", 30, true); n < 30 || n > 70 {
			t.Errorf("%d of 100 jumps are refused", n)
		}
		m := w.enter("teleporter").member
		ok(t, m.Move(*at(0, 0), nil, nil))
		for i := range 20 {
			time.Sleep(time.Second)
			p := at(float64(100*(i%2)), 0)
			p.Teleport = true
			ok(t, m.Move(*p, nil, nil))
		}
		w.stop()
	})
}

// TestRightsEndStays: bans, revoked logins and kicks end a stay; an Access that
// cannot answer does not.
func TestRightsEndStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		alice, bob, carol, dave := w.enter("alice"), w.enter("bob"), w.enter("carol"), w.enter("dave")

		w.rules.change(func(r *rules) { r.failing = &spaces.Error{Code: spaces.CodeUnavailable, Message: "away"} })
		time.Sleep(10 * time.Second)
		w.rules.change(func(r *rules) {
			r.failing = nil
			r.banned["hive:bob"] = "shouting"
			r.revoked["login-carol"] = true
		})
		if n := bob.text("left"); !strings.Contains(n.Reason, "shouting") {
			t.Errorf("a banned member reads %+v", n)
		}
		<-bob.member.Gone()
		<-carol.member.Gone()
		carol.wait("closed", func() bool { return carol.closed != nil && carol.closed.Label == wire.CloseRevoked.Label })
		w.hub.Kick(t.Context(), lobby, func(s spaces.Session) bool { return s.Subject == "hive:dave" }, "go home")
		if n := dave.text("left"); n.Reason != "go home" {
			t.Errorf("a kicked member reads %+v", n)
		}
		if dave.cause() != nil || bob.cause() != nil || alice.cause() != nil {
			t.Error("a socket is closed that need not be")
		}
		left := map[string]bool{}
		for len(left) < 3 {
			left[alice.text("member.left").Session] = true
		}
		if !left["bob"] || !left["carol"] || !left["dave"] {
			t.Errorf("alice hears %v leaving", left)
		}
		_, err := w.hub.Enter(t.Context(), w.arrival(bob, lobby))
		wantCode(t, err, spaces.CodeForbidden)
		alice.move(at(1, 1))
		w.stop()
	})
}

// TestPanicEndsOneSpace: a fault ends the clients of one space.
func TestPanicEndsOneSpace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	alice := w.enter("alice")
	other := lobby
	other.Subspace = "cellar"
	bob, carol := newClient(t, "bob"), newClient(t, "carol")
	w.enterAs(bob, other)
	bob.text("joined")
	w.enterAs(carol, other)
	carol.text("joined")
	bob.set(func() { bob.panics = true })
	ok(t, carol.member.Emote("wave"))
	for _, c := range []*client{bob, carol} {
		c.wait("closed", func() bool { return c.closed != nil && *c.closed == wire.CloseInternal })
		<-c.member.Gone()
		ok(t, c.member.Leave(t.Context()))
	}
	bob.set(func() { bob.panics = false })
	w.enterAs(bob, other)
	if joined := bob.text("joined"); len(joined.Members) != 1 {
		t.Errorf("in the new space are %+v", joined.Members)
	}
	alice.move(at(1, 2))
	dave := w.enter("dave")
	dave.sees(alice.ref, at(1, 2))
}

// TestBeforeAndAfterRun: nobody enters a hub that does not run, and stays end
// with it.
func TestBeforeAndAfterRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	alice := w.enter("alice")
	w.stop()
	<-alice.member.Gone()
	ok(t, alice.member.Leave(t.Context()))
	_, err := w.hub.Enter(t.Context(), w.arrival(alice, lobby))
	wantCode(t, err, spaces.CodeUnavailable)
}
