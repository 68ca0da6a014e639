package matrix_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"presence/aggregator/matrix"
	"presence/aggregator/state"
)

const self = "@presence:hs"

var now = time.UnixMilli(1_700_000_000_000)

func decode(t *testing.T, body string, initial bool) *matrix.Response {
	t.Helper()
	r, err := matrix.Decode([]byte(body), now, initial, self)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestDecodeReadsEverySection holds one response with all there is, in the
// shapes Synapse and Dendrite use.
func TestDecodeReadsEverySection(t *testing.T) {
	t.Parallel()
	r := decode(t, `{"next_batch":"s2","device_one_time_keys_count":{},
	 "presence":{"events":[
	  {"type":"m.presence","sender":"@a:hs","content":{"presence":"online","last_active_ago":1500,"currently_active":true}},
	  {"type":"m.presence","sender":"@presence:hs","content":{"presence":"offline"}}]},
	 "rooms":{"join":{"!r:hs":{
	  "state":{"events":[
	   {"type":"m.room.create","sender":"@a:hs","state_key":"","content":{}},
	   {"type":"m.room.member","sender":"@presence:hs","state_key":"@presence:hs","content":{"membership":"join"}},
	   {"type":"m.room.member","sender":"@mod:hs","state_key":"@a:hs","content":{"membership":"join","displayname":"\u0041nn"}}]},
	  "timeline":{"limited":true,"events":[
	   {"type":"m.room.canonical_alias","sender":"@a:hs","state_key":"","content":{"alias":"#x:hs"}},
	   {"type":"m.room.tombstone","sender":"@a:hs","state_key":"","content":{"replacement_room":"!n:hs"}},
	   {"type":"m.room.message","sender":"@a:hs","origin_server_ts":1699999990000,"content":{"body":"secret"}},
	   {"type":"m.room.message","sender":"@a:hs","origin_server_ts":1600000000000,"content":{}},
	   {"type":"m.room.member","sender":"@mod:hs","state_key":"@b:hs","content":{"membership":"ban"}}]},
	  "ephemeral":{"events":[
	   {"type":"m.typing","content":{"user_ids":["@a:hs"]}},
	   {"type":"m.receipt","content":{"$e":{"m.read":{"@c:hs":{"ts":1699999995000}},"m.read.private":{"@d:hs":{"ts":1699999995000}}}}}]}}},
	 "leave":{"!gone:hs":{}},"invite":{"!new:hs":{"invite_state":{"events":[]}}}}}`, false)

	typing := []string{"@a:hs"}
	want := state.Batch{
		At:       now,
		Presence: []state.PresenceFact{{UserID: "@a:hs", Presence: "online", LastActiveAgo: 1500 * time.Millisecond, HasLastActive: true, CurrentlyActive: true}},
		Rooms: []state.RoomFacts{{
			RoomID: "!r:hs", Complete: true, Alias: "#x:hs", ReplacedBy: "!n:hs", Typing: &typing,
			Members: []state.MemberFact{
				{UserID: self, Membership: "join"}, {UserID: "@a:hs", Membership: "join", DisplayName: "Ann"}, {UserID: "@b:hs", Membership: "ban"},
			},
			Evidence: []state.Evidence{
				{UserID: "@a:hs", Kind: state.EvidenceMessage, At: now.Add(-10 * time.Second)},
				{UserID: "@c:hs", Kind: state.EvidenceReceipt, At: now.Add(-5 * time.Second)},
			},
		}, {RoomID: "!gone:hs", Left: true}},
	}
	if !reflect.DeepEqual(r.Batch, want) {
		t.Errorf("batch\n got %+v\nwant %+v", r.Batch, want)
	}
	if r.NextBatch != "s2" || !reflect.DeepEqual(r.Invites, []string{"!new:hs"}) || !r.PresenceSeen || r.Dropped.Total() != 0 {
		t.Errorf("got %+v", r)
	}
}

// TestDecodeUsesStateAfterAlone: with state_after in the response the timeline
// no longer says who is in the room (specification 1.16).
func TestDecodeUsesStateAfterAlone(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"state_after", "org.matrix.msc4222.state_after"} {
		r := decode(t, fmt.Sprintf(`{"next_batch":"s","rooms":{"join":{"!r:hs":{
		 %q:{"events":[{"type":"m.room.member","state_key":"@a:hs","sender":"@a:hs","content":{"membership":"leave"}}]},
		 "timeline":{"events":[{"type":"m.room.member","state_key":"@a:hs","sender":"@a:hs","content":{"membership":"join"}}]}}}}}`, key), false)
		got := r.Batch.Rooms[0].Members
		if len(got) != 1 || got[0].Membership != "leave" {
			t.Errorf("%s: members %+v", key, got)
		}
	}
}

// TestDecodeCompleteNeedsTheDaemon: a first sight without the daemon's own
// membership is not the whole list.
func TestDecodeCompleteNeedsTheDaemon(t *testing.T) {
	t.Parallel()
	r := decode(t, `{"next_batch":"s","rooms":{"join":{"!r:hs":{"state":{"events":[
	 {"type":"m.room.member","state_key":"@a:hs","sender":"@a:hs","content":{"membership":"join"}}]}}}}}`, true)
	if r.Batch.Rooms[0].Complete {
		t.Error("complete without the daemon among the members")
	}
}

// TestDecodeDropsOnlyTheMalformed: each fault is counted and the good event
// after it is used.
func TestDecodeDropsOnlyTheMalformed(t *testing.T) {
	t.Parallel()
	good := `{"type":"m.room.member","state_key":"@a:hs","sender":"@a:hs","content":{"membership":"join"}}`
	for _, bad := range []string{
		`7`, `null`, `"x"`, `[]`, `{}`, `{"type":5}`,
		`{"type":"m.room.member"}`,
		`{"type":"m.room.member","state_key":7,"content":{"membership":"join"}}`,
		`{"type":"m.room.member","state_key":"not a user","content":{"membership":"join"}}`,
		`{"type":"m.room.member","state_key":"@b:hs","content":{"membership":{}}}`,
		`{"type":"m.room.member","state_key":"@b:hs","content":[1,2]}`,
		`{"type":"m.room.member","state_key":"@` + strings.Repeat("x", 300) + `:hs","content":{"membership":"join"}}`,
	} {
		r := decode(t, `{"next_batch":"s","rooms":{"join":{"!r:hs":{"state":{"events":[`+bad+`,`+good+`]}}}}}`, false)
		if r.Dropped.Events != 1 || len(r.Batch.Rooms[0].Members) != 1 {
			t.Errorf("%s: dropped %+v, members %+v", bad, r.Dropped, r.Batch.Rooms[0].Members)
		}
	}
}

// TestDecodeToleratesAbsenceAndOddShapes: maps may be missing, null or of the
// wrong type without an error.
func TestDecodeToleratesAbsenceAndOddShapes(t *testing.T) {
	t.Parallel()
	for _, rest := range []string{
		``, `,"rooms":null`, `,"rooms":[]`, `,"rooms":{"join":null}`, `,"rooms":{"join":[1]}`, `,"rooms":{"join":{"!r:hs":{}}}`,
		`,"rooms":{"join":{"!r:hs":{"state":7,"timeline":null,"ephemeral":{"events":{}}}}}`, `,"presence":{"events":null}`, `,"presence":3`,
		`,"rooms":{"knock":{"!r:hs":{}}}`, `,"to_device":{"events":[{}]}`,
	} {
		if r := decode(t, `{"next_batch":"s"`+rest+`}`, false); r.Dropped.Total() != 0 {
			t.Errorf("%s: dropped %+v", rest, r.Dropped)
		}
	}
	if r := decode(t, `{"next_batch":"s","rooms":{"join":{"general":{},"!r:hs":"x"}}}`, false); r.Dropped.Rooms != 2 {
		t.Errorf("dropped %+v, want 2 rooms", r.Dropped)
	}
}

func TestDecodeRefusesWhatIsNoResponse(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"<html><body>502 Bad Gateway": "not JSON", "": "not JSON", `{"next_batch":"s"`: "not JSON", `[]`: "not JSON",
		`{}`: "no next_batch", `{"next_batch":7}`: "no next_batch", strings.Repeat("[", 1<<20): "not JSON",
	} {
		if _, err := matrix.Decode([]byte(body), now, false, self); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: error %v, want %q", body, err, want)
		}
	}
}

// TestDecodeTyping: an empty list stops, a missing one says nothing.
func TestDecodeTyping(t *testing.T) {
	t.Parallel()
	room := func(content string) (state.RoomFacts, matrix.Drops) {
		r := decode(t, `{"next_batch":"s","rooms":{"join":{"!r:hs":{"ephemeral":{"events":[{"type":"m.typing","content":`+content+`}]}}}}}`, false)
		return r.Batch.Rooms[0], r.Dropped
	}
	if f, _ := room(`{"user_ids":[]}`); f.Typing == nil || len(*f.Typing) != 0 {
		t.Errorf("empty list: %v", f.Typing)
	}
	if f, d := room(`{}`); f.Typing != nil || d.Ephemeral != 1 {
		t.Errorf("no list: %v, %+v", f.Typing, d)
	}
	if f, d := room(`{"user_ids":["@a:hs",7,"x"]}`); f.Typing == nil || len(*f.Typing) != 1 || d.Ephemeral != 2 {
		t.Errorf("mixed list: %v, %+v", f.Typing, d)
	}
}

// TestDecodeCalls: the spellings of a call membership seen in the wild.
func TestDecodeCalls(t *testing.T) {
	t.Parallel()
	ts := now.UnixMilli()
	for _, c := range []struct {
		event string
		key   string
		until time.Time
	}{
		{`{"type":"org.matrix.msc3401.call.member","sender":"@a:hs","state_key":"_@a:hs_DEV_m.call","origin_server_ts":%d,"content":{"application":"m.call","expires":60000}}`, "_@a:hs_DEV_m.call", now.Add(time.Minute)},
		{`{"type":"org.matrix.msc3401.call.member","sender":"@a:hs","state_key":"_@a:hs_DEV_m.call","origin_server_ts":%d,"content":{}}`, "_@a:hs_DEV_m.call", time.Time{}},
		{`{"type":"m.call.member","sender":"@a:hs","state_key":"@a:hs","origin_server_ts":%d,"content":{"memberships":[{"expires":1000},{"expires":9000}]}}`, "@a:hs", now.Add(9 * time.Second)},
		{`{"type":"m.rtc.member","sender":"@a:hs","origin_server_ts":%d,"sticky":{"duration_ms":99999999},"content":{"application":{"type":"m.call"},"sticky_key":"k"}}`, "k", now.Add(time.Hour)},
	} {
		r := decode(t, fmt.Sprintf(`{"next_batch":"s","rooms":{"join":{"!r:hs":{"timeline":{"events":[`+c.event+`]}}}}}`, ts), false)
		calls := r.Batch.Rooms[0].Calls
		if len(calls) != 1 || calls[0].Key != c.key || !calls[0].Until.Equal(c.until) {
			t.Errorf("%s: %+v", c.event, calls)
		}
	}
}

// FuzzDecode: no answer of any kind crashes the decoder, and whatever is
// accepted is safe to hand on.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"next_batch":"s","presence":{"events":[{"type":"m.presence","sender":"@a:hs","content":{"presence":"online","last_active_ago":1e300}}]}}`))
	f.Add([]byte(`{"next_batch":"s","rooms":{"join":{"!r:hs":{"state":{"events":[{"type":"m.room.member","state_key":"@a:hs","content":{"membership":"join"}}]},"ephemeral":{"events":[{"type":"m.typing","content":{"user_ids":["@a:hs"]}},{"type":"m.receipt","content":{"$e":{"m.read":{"@c:hs":{"ts":1}}}}}]}}}}}`))
	f.Add([]byte(`{"next_batch":"s","rooms":{"join":{"!r:hs":{"timeline":{"events":[{"type":"m.rtc.member","sender":"@a:hs","origin_server_ts":1,"sticky":{"duration_ms":1},"content":{"application":{},"member":{"id":"x"}}}]}}}}}`))
	f.Add([]byte(`<html>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := matrix.Decode(body, now, true, self)
		if err != nil {
			return
		}
		if !json.Valid(body) {
			t.Fatal("accepted what is not JSON")
		}
		for _, room := range r.Batch.Rooms {
			for _, e := range room.Evidence {
				if e.At.After(now) {
					t.Fatalf("evidence from the future: %+v", e)
				}
			}
			for _, m := range room.Members {
				if m.UserID == "" || m.Membership == "" {
					t.Fatalf("member without a name: %+v", m)
				}
			}
		}
		for _, p := range r.Batch.Presence {
			if p.LastActiveAgo < 0 {
				t.Fatalf("active in the future: %+v", p)
			}
		}
	})
}
