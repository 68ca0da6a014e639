package state_test

import (
	"encoding/json"
	"testing"
	"time"

	"presence/aggregator/state"
	"presence/spaces"
)

func TestRowsHoldOnlyWhatChanged(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann")
	if rows := w.TakeRows(); !rows.Reset || len(rows.Members) != 1 || len(rows.People) != 1 || len(rows.Rooms) != 3 {
		t.Errorf("after an initial sync: %+v, want everything", rows)
	}
	w.apply(state.Batch{})
	if rows := w.TakeRows(); rows.Reset || len(rows.Members)+len(rows.Gone)+len(rows.People)+len(rows.Rooms) != 0 {
		t.Errorf("after nothing: %+v", rows)
	}
	w.presence("ann online")
	if rows := w.TakeRows(); len(rows.People) != 1 || len(rows.Rooms) != 0 {
		t.Errorf("after presence: %+v", rows)
	}
	w.leave("general", "ann")
	rows := w.TakeRows()
	if len(rows.Gone) != 1 || rows.Gone[0] != (state.Member{RoomID: "!general:x", UserID: "@ann:x"}) || string(rows.People["@ann:x"]) != "null" {
		t.Errorf("after the last leave: %+v", rows)
	}
}

func TestRestoreLeavesOutWhatTheConfigurationIgnores(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann", "bob")
	w.presence("ann online", "bob online")
	w.ResetRows()
	rows := w.TakeRows()
	again := newEngineAt(w.now, state.Config{Self: "@bob:x"}, rows)
	if p, ok := again.Room("general"); !ok || p.MemberCount != 1 || p.ActiveCount != 1 {
		t.Errorf("restored %+v, %v; want ann alone", p, ok)
	}
}

func TestRestoreBringsMomentsOfAWrongClockBack(t *testing.T) {
	w := newTown(t)
	w.now = w.now.Add(1000 * time.Hour)
	w.join("general", "ann")
	w.message("general", "ann")
	w.ResetRows()
	rows := w.TakeRows()
	w.now = w.now.Add(-999 * time.Hour)
	again := newEngineAt(w.now, state.Config{Infer: true}, rows)
	again.SetPresenceSupport(w.now, false)
	again.Apply(state.Batch{At: w.now.Add(21 * time.Minute)})
	if p, ok := again.User("@ann:x"); !ok || p.Status != "offline" {
		t.Errorf("ann is %+v, %v; want offline", p, ok)
	}
}

func newEngineAt(now time.Time, cfg state.Config, rows state.Rows) *state.Engine {
	e := state.New(cfg)
	e.SetLinks(now, []spaces.Link{link("general", "central", true)})
	e.Restore(now, rows)
	return e
}

// FuzzRestore feeds rows as a damaged or foreign database might hold them.
// Whatever they say, no number is negative and the engine goes on.
func FuzzRestore(f *testing.F) {
	w := &town{Engine: state.New(state.Config{}), now: time.UnixMilli(1_700_000_000_000)}
	w.apply(state.Batch{Initial: true, Rooms: []state.RoomFacts{complete("general", "ann")}, Presence: []state.PresenceFact{{UserID: "@ann:x", Presence: "online"}}})
	rows := w.TakeRows()
	f.Add([]byte(rows.People["@ann:x"]), []byte(rows.Rooms["!general:x"]))
	f.Add([]byte(`{"status":9,"class":77,"calls":[{"room":"!general:x","until":9223372036854775807}]}`), []byte(`{"left":{"active":-1,"known":true}}`))
	f.Add([]byte(`{"seen":9223372036854775807,"hold_online":9223372036854775807,"class":3}`), []byte(`{"observed":true,"replaced_by":"!general:x","last_event":-5}`))
	f.Add([]byte(`null`), []byte(`[`))
	f.Fuzz(func(t *testing.T, person, room []byte) {
		e := newEngineAt(w.now, state.Config{Infer: true, Grace: time.Second, OnlineLimit: time.Hour}, state.Rows{
			Members: []state.Member{{RoomID: "!general:x", UserID: "@ann:x"}, {RoomID: "", UserID: ""}},
			People:  map[string]json.RawMessage{"@ann:x": person, "@stranger:x": person},
			Rooms:   map[string]json.RawMessage{"!general:x": room, "": room},
		})
		for hour := range 30 {
			e.SetPresenceSupport(w.now, hour%2 == 0)
			e.Apply(state.Batch{At: w.now.Add(time.Duration(hour) * time.Hour)})
			checkPlausible(t, e)
		}
	})
}

func checkPlausible(t *testing.T, e *state.Engine) {
	p, _ := e.Room("general")
	c, _ := e.City()
	if min(p.OnlineCount, p.IdleCount, p.UnknownCount, p.MemberCount, p.AgentCount, c.OnlineCount, c.TypingCount, c.RoomsOnline) < 0 {
		t.Fatalf("negative counts in %+v or %+v", p, c)
	}
	if p.AsOf < 0 || p.LastEventTS < 0 {
		t.Fatalf("negative moments in %+v", p)
	}
	if rows := e.TakeRows(); !json.Valid(append(append([]byte("["), rows.Rooms["!general:x"]...), ']')) {
		t.Fatal("a row that is not JSON")
	}
}
