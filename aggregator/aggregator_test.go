package aggregator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"presence/aggregator"
	"presence/spaces"
	"presence/synthetic"
)

// TestFollows is the whole way: join the linked room, see who is in it, publish.
func TestFollows(t *testing.T) {
	t.Parallel()
	bubble(t, synthetic.Synapse(), func(t *testing.T, w *world) {
		general := w.link("general", true)
		ann, bob := w.person("ann", general), w.person("bob", general)
		w.hs.SetPresence(ann, "online")
		w.hs.SetPresence(bob, "offline")
		w.start()
		w.wait(10 * time.Second)
		w.expect("general", 1, 0)

		w.hs.SetPresence(bob, "unavailable")
		w.hs.Type(ann, general, 20*time.Second)
		w.wait(5 * time.Second)
		w.expect("general", 2, 1)

		w.hs.Leave(ann, general)
		w.wait(15 * time.Second)
		w.expect("general", 1, 0)
		if got := w.hs.Presence(w.self); got != "offline" {
			t.Errorf("the daemon shows as %q, want offline", got)
		}
		if got := w.nats.users[ann]; got.Status != "" {
			t.Errorf("somebody who left every room is still published: %+v", got)
		}
	})
}

// TestBlindIsNotEmpty: through an outage of the homeserver the last numbers
// stay, become stale, and expire; nobody is ever counted out.
func TestBlindIsNotEmpty(t *testing.T) {
	t.Parallel()
	bubble(t, synthetic.Synapse(), func(t *testing.T, w *world) {
		general := w.link("general", true)
		w.hs.SetPresence(w.person("ann", general), "online")
		typist := w.person("bob", general)
		w.hs.SetPresence(typist, "online")
		w.start()
		w.wait(10 * time.Second)
		w.hs.Type(typist, general, time.Minute)
		w.wait(2 * time.Second)
		w.expect("general", 2, 1)

		w.hs.SetDown(true)
		started := time.Now()
		for time.Since(started) < 20*time.Minute {
			w.wait(5 * time.Second)
			blind := time.Since(started)
			got, ok := w.room("general")
			switch {
			case ok && got.OnlineCount != 2:
				t.Fatalf("after %s: %d people, want the last 2", blind, got.OnlineCount)
			case ok && blind > 100*time.Second && !got.Stale:
				t.Fatalf("after %s: not stale", blind)
			case ok && blind > 50*time.Second && got.TypingCount != 0:
				t.Fatalf("after %s: still typing", blind)
			case ok && blind > 8*time.Minute:
				t.Fatalf("after %s: not expired: %+v", blind, got)
			}
		}
		if h := w.life.daemon.Health(); h.Err() == nil || h.Status.Sync != spaces.SyncLost {
			t.Errorf("health %+v, want lost", h)
		}
		w.hs.SetDown(false)
		w.wait(90 * time.Second)
		w.expect("general", 2, 0)
		if err := w.life.daemon.Health().Err(); err != nil {
			t.Errorf("health after recovery: %v", err)
		}
	})
}

// TestLifetimesAreRenewed: an unchanged room is published often enough to
// outlive its lifetime, and not more often.
func TestLifetimesAreRenewed(t *testing.T) {
	t.Parallel()
	bubble(t, synthetic.Synapse(), func(t *testing.T, w *world) {
		general := w.link("general", true)
		w.hs.SetPresence(w.person("ann", general), "online")
		w.start()
		w.wait(time.Minute)
		_, before := w.nats.state()
		for range 60 {
			w.wait(time.Minute)
			w.expect("general", 1, 0)
			if got, _ := w.room("general"); time.Since(time.UnixMilli(got.AsOf)) > roomTTL/2 {
				t.Errorf("confirmed last %s ago", time.Since(time.UnixMilli(got.AsOf)))
			}
		}
		if _, after := w.nats.state(); after-before > 40 {
			t.Errorf("%d messages in an hour about a room that never changed", after-before)
		}
	})
}

// TestLastValueArrives: in a storm a room is told of at most about once per
// window, and what is told last is the truth.
func TestLastValueArrives(t *testing.T) {
	t.Parallel()
	bubble(t, synthetic.Synapse(), func(t *testing.T, w *world) {
		general := w.link("general", true)
		w.hs.SetPresence(w.person("host", general), "online")
		w.start()
		w.wait(10 * time.Second)
		_, before := w.nats.state()
		for i := range 60 {
			w.hs.SetPresence(w.person(fmt.Sprint("guest", i), general), "online")
			w.wait(250 * time.Millisecond)
		}
		w.wait(throttle + time.Second)
		w.expect("general", 61, 0)
		if _, after := w.nats.state(); after-before > 8 {
			t.Errorf("%d messages in 19 s with a window of %s", after-before, throttle)
		}
	})
}

// TestRevokedTokenStops: with a dead token and no password there is nothing to
// try; the daemon stops asking, and says so.
func TestRevokedTokenStops(t *testing.T) {
	t.Parallel()
	bubble(t, synthetic.Synapse(), func(t *testing.T, w *world) {
		general := w.link("general", true)
		w.hs.SetPresence(w.person("ann", general), "online")
		w.cfg.Matrix.AccessToken, w.cfg.Matrix.Password = w.hs.Token(w.self), ""
		w.start()
		w.wait(10 * time.Second)
		w.expect("general", 1, 0)

		w.hs.EndSessions(w.self, false)
		w.wait(time.Minute)
		asked := w.hs.Requests("sync")
		w.wait(time.Hour)
		if again := w.hs.Requests("sync"); again != asked {
			t.Errorf("%d polls with a dead token", again-asked)
		}
		health := w.life.daemon.Health()
		if !health.Stopped || health.Err() == nil || !strings.Contains(health.Status.Message, "MATRIX_ACCESS_TOKEN") {
			t.Errorf("health %+v does not say what to do", health)
		}
		state, _ := w.nats.state()
		if state.Status == nil || state.Status.Message != health.Status.Message {
			t.Errorf("status on the bus %+v", state.Status)
		}
	})
}

// TestSessionsKeepTheirDevice: however a session ends, the daemon comes back
// on the same device.
func TestSessionsKeepTheirDevice(t *testing.T) {
	t.Parallel()
	bubble(t, synthetic.Synapse(), func(t *testing.T, w *world) {
		general := w.link("general", true)
		ann := w.person("ann", general)
		w.start()
		w.wait(10 * time.Second)
		for i, soft := range []bool{true, false, true, true, false} {
			w.hs.EndSessions(w.self, soft)
			w.hs.SetPresence(ann, []string{"online", "offline"}[i%2])
			w.wait(time.Minute)
			w.expect("general", 1-i%2, 0)
		}
		w.stop()
		w.start()
		w.wait(10 * time.Second)
		w.expect("general", 1, 0)
		if n := w.hs.Devices(w.self); n != 1 {
			t.Errorf("%d devices, want 1", n)
		}
	})
}

// TestJoinsWithinLimits: a city of rooms is joined under the server's limit,
// each room once.
func TestJoinsWithinLimits(t *testing.T) {
	t.Parallel()
	quirks := synthetic.Synapse()
	quirks.JoinEvery, quirks.JoinBurst = 10*time.Second, 3
	bubble(t, quirks, func(t *testing.T, w *world) {
		const rooms = 20
		for i := range rooms {
			w.link(spaces.Slug(fmt.Sprint("room", i)), true)
		}
		w.start()
		w.wait(10 * time.Minute)
		for i := range rooms {
			w.expect(spaces.Slug(fmt.Sprint("room", i)), 0, 0)
		}
		asked := w.hs.Requests("join")
		if asked > 4*rooms {
			t.Errorf("%d joins asked for %d rooms", asked, rooms)
		}
		w.wait(time.Hour)
		if again := w.hs.Requests("join"); again != asked {
			t.Errorf("%d more joins of rooms it is in", again-asked)
		}
	})
}

// TestInvites: an invite to a linked room is taken at once, any other left.
func TestInvites(t *testing.T) {
	t.Parallel()
	bubble(t, synthetic.Synapse(), func(t *testing.T, w *world) {
		closed := w.link("closed", false)
		w.hs.SetPrivate(closed)
		stranger := w.hs.CreateRoom("")
		w.hs.SetPrivate(stranger)
		w.start()
		w.wait(time.Minute)
		if _, ok := w.room("closed"); ok {
			t.Error("published a room it cannot see")
		}
		w.hs.Invite(w.self, stranger)
		w.hs.Invite(w.self, closed)
		w.wait(5 * time.Second)
		w.expect("closed", 0, 0)
		if in := w.hs.Members(stranger); len(in) != 0 {
			t.Error("joined a room nobody linked")
		}
	})
}

// TestAliasIsResolved: a link that names only an alias gets its room, and
// follows the alias's room from then on.
func TestAliasIsResolved(t *testing.T) {
	t.Parallel()
	bubble(t, synthetic.Synapse(), func(t *testing.T, w *world) {
		w.sql.link(spaces.Link{Slug: "later", Alias: "#city_later:hs", Public: true, Zone: "north"})
		w.start()
		w.wait(10 * time.Second)
		if _, ok := w.room("later"); ok {
			t.Error("published a room that does not exist")
		}
		roomID := w.hs.CreateRoom("#city_later:hs")
		w.hs.SetPresence(w.person("ann", roomID), "online")
		w.wait(20 * time.Minute)
		w.expect("later", 1, 0)
		if got := w.sql.list()[0].RoomID; got != roomID {
			t.Errorf("the link names %q, want %q", got, roomID)
		}
	})
}

// TestKicked: out of a room its count is unavailable, not zero, and the daemon
// comes back after a decent wait.
func TestKicked(t *testing.T) {
	t.Parallel()
	bubble(t, synthetic.Synapse(), func(t *testing.T, w *world) {
		general := w.link("general", true)
		w.hs.SetPresence(w.person("ann", general), "online")
		w.start()
		w.wait(10 * time.Second)
		w.hs.Kick(w.self, general)
		w.wait(10 * time.Second)
		if got, ok := w.room("general"); ok && (!got.Stale || got.OnlineCount != 1) {
			t.Errorf("published %+v, want the last number as stale", got)
		}
		w.wait(2 * time.Minute)
		w.expect("general", 1, 0)
	})
}

// TestPresenceSwitchedOff: where the server has no presence a room of silent
// people is unknown, signs of life count, and both say so.
func TestPresenceSwitchedOff(t *testing.T) {
	t.Parallel()
	for name, off := range map[string]synthetic.PresenceOff{"synapse": synthetic.PresenceOffSynapse, "dendrite": synthetic.PresenceOffDendrite} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, synthetic.Quirks{PresenceOff: off}, func(t *testing.T, w *world) {
				w.cfg.State.Infer = true
				general := w.link("general", true)
				ann := w.person("ann", general)
				w.start()
				w.wait(30 * time.Minute)
				if got, ok := w.room("general"); ok && !got.Stale {
					t.Errorf("silence published as %+v", got)
				}
				w.hs.SendMessage(ann, general)
				w.wait(5 * time.Second)
				w.expect("general", 1, 0)
				state, _ := w.nats.state()
				if got := state.Rooms["general"].Source; got != spaces.SourceInferred {
					t.Errorf("source %q, want inferred", got)
				}
				if got := state.Status.Presence; got != "disabled" {
					t.Errorf("status says presence %q, want disabled", got)
				}
			})
		})
	}
}

// TestPresenceSwitchedOn: a server that gets presence later is believed, and
// what was ignored before is read again.
func TestPresenceSwitchedOn(t *testing.T) {
	t.Parallel()
	bubble(t, synthetic.Quirks{PresenceOff: synthetic.PresenceOffSynapse}, func(t *testing.T, w *world) {
		general := w.link("general", true)
		ann, bob := w.person("ann", general), w.person("bob", general)
		w.start()
		w.wait(time.Minute)
		w.hs.SetQuirks(func(q *synthetic.Quirks) { q.PresenceOff = synthetic.PresenceOn })
		w.hs.SetPresence(ann, "offline") // tells nothing yet
		w.hs.SetPresence(bob, "online")
		w.wait(30 * time.Second)
		w.expect("general", 1, 0)
	})
}

// TestReconciles: a member the stream never told of is found, and counted as a
// correction.
func TestReconciles(t *testing.T) {
	t.Parallel()
	bubble(t, synthetic.Synapse(), func(t *testing.T, w *world) {
		general := w.link("general", true)
		ann := w.person("ann", general)
		w.hs.SetPresence(ann, "online")
		w.start()
		w.wait(10 * time.Second)
		w.hs.Drift(ann, general)
		w.wait(10 * time.Second)
		w.expect("general", 1, 0)
		w.wait(31 * time.Minute)
		w.expect("general", 0, 0)
	})
}

// TestLateMemberListIsNotUsed: a list that was made before somebody left must
// not bring them back.
func TestLateMemberListIsNotUsed(t *testing.T) {
	t.Parallel()
	bubble(t, synthetic.Synapse(), func(t *testing.T, w *world) {
		general := w.link("general", true)
		ann := w.person("ann", general)
		w.hs.SetPresence(ann, "online")
		w.start()
		w.wait(10 * time.Second)
		w.hs.Fail("joined_members", synthetic.Fault{Late: 30 * time.Second})
		for asked := w.hs.Requests("joined_members"); w.hs.Requests("joined_members") == asked; {
			w.wait(time.Second)
		}
		w.hs.Leave(ann, general)
		w.wait(10 * time.Second)
		for range 90 {
			w.expect("general", 0, 0)
			if got, _ := w.room("general"); got.MemberCount != 0 {
				t.Fatalf("brought back: %+v", got)
			}
			w.wait(time.Second)
		}
	})
}

// TestKickedWhileAway: what happened before a fresh beginning shows by what the
// beginning does not name.
func TestKickedWhileAway(t *testing.T) {
	t.Parallel()
	bubble(t, synthetic.Synapse(), func(t *testing.T, w *world) {
		general := w.link("general", true)
		w.hs.SetPresence(w.person("ann", general), "online")
		w.start()
		w.wait(10 * time.Second)
		w.hs.SetDown(true)
		w.wait(10 * time.Minute)
		w.hs.Kick(w.self, general)
		w.hs.SetDown(false)
		w.wait(4 * time.Minute)
		w.expect("general", 1, 0)
	})
}

// TestStandbyTakesOver: of two daemons one publishes; when it dies the other
// goes on from the stored rows.
func TestStandbyTakesOver(t *testing.T) {
	t.Parallel()
	bubble(t, synthetic.Synapse(), func(t *testing.T, w *world) {
		general := w.link("general", true)
		ann := w.person("ann", general)
		w.hs.SetPresence(ann, "online")
		w.start()
		w.wait(10 * time.Second)
		first := w.life
		w.start()
		second := w.life
		w.wait(10 * time.Second)
		if first.daemon.Health().Leading == second.daemon.Health().Leading {
			t.Error("both lead, or none")
		}
		if err := second.daemon.Health().Err(); err != nil {
			t.Errorf("a standby is unhealthy: %v", err)
		}
		initial := w.hs.Requests("filter")
		w.life = first
		w.kill()
		w.life = second
		w.hs.SetPresence(ann, "unavailable")
		w.wait(20 * time.Second)
		w.expect("general", 1, 0)
		got, _ := w.room("general")
		if got.IdleCount != 1 || got.Epoch != 2 {
			t.Errorf("published %+v, want the second epoch with one idle", got)
		}
		if w.hs.Requests("filter") == initial {
			t.Error("the second daemon never connected")
		}
	})
}

// TestBadAnswers: whatever the server answers, the daemon says so, goes on, and
// is right again when the server is.
func TestBadAnswers(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]synthetic.Fault{
		"html":       synthetic.HTML(200),
		"bad gate":   synthetic.HTML(502),
		"empty":      {Status: 200, Body: ""},
		"array":      {Status: 200, Body: "[]"},
		"no token":   {Status: 200, Body: "{}"},
		"truncated":  {Status: 200, Body: `{"next_batch":"s1_1","rooms":{"join":{`},
		"nested":     {Status: 200, Body: `{"next_batch":` + strings.Repeat("[", 100000)},
		"plain 401":  {Status: 401, Body: "who are you?"},
		"locked":     synthetic.Refuse(401, "M_USER_LOCKED"),
		"forbidden":  synthetic.Refuse(403, "M_FORBIDDEN"),
		"no filter":  synthetic.Refuse(400, "M_INVALID_PARAM"),
		"12 MB":      {Padding: 12 << 20},
		"cut":        {Lost: true},
		"rate limit": synthetic.RateLimited(30*time.Second, true),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, synthetic.Synapse(), func(t *testing.T, w *world) {
				general := w.link("general", true)
				ann := w.person("ann", general)
				w.start()
				w.wait(10 * time.Second)
				w.hs.Fail("sync", fault, fault)
				w.hs.SetPresence(ann, "online")
				w.wait(25 * time.Minute)
				w.expect("general", 1, 0)
				if rate := w.hs.Requests("sync"); rate > 200 {
					t.Errorf("%d polls in 25 minutes", rate)
				}
			})
		})
	}
}

// TestNoTightLoop: a server that answers at once and goes nowhere is polled
// ever more slowly.
func TestNoTightLoop(t *testing.T) {
	t.Parallel()
	bubble(t, synthetic.Synapse(), func(t *testing.T, w *world) {
		w.link("general", true)
		w.start()
		w.wait(time.Minute)
		for range 2000 {
			w.hs.Fail("sync", synthetic.Fault{Status: 200, Body: `{"next_batch":"s0_9"}`})
		}
		asked := w.hs.Requests("sync")
		w.wait(10 * time.Minute)
		if n := w.hs.Requests("sync") - asked; n > 150 {
			t.Errorf("%d polls in 10 minutes", n)
		}
	})
}

func TestNewRefusesBadSettings(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*aggregator.Config){
		"no homeserver": func(c *aggregator.Config) { c.Matrix.Homeserver = "" },
		"no credential": func(c *aggregator.Config) { c.Matrix.Password = "" },
		"no such user":  func(c *aggregator.Config) { c.Matrix.UserID = "presence" },
	} {
		w := newWorld(t, synthetic.Quirks{})
		change(&w.cfg)
		if _, err := aggregator.New(w.cfg, nil, nil, discard, nil); spaces.ErrorCode(err) != spaces.CodeInvalid {
			t.Errorf("%s: error %v, want invalid", name, err)
		}
	}
}
