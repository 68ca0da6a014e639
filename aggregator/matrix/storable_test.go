package matrix_test

import (
	"testing"
	"time"

	"presence/aggregator/matrix"
)

// TestDecodeKeepsOnlyWhatCanBeStored: PostgreSQL takes neither NUL nor invalid
// UTF-8, so nothing with either may become a key of the rows.
func TestDecodeKeepsOnlyWhatCanBeStored(t *testing.T) {
	t.Parallel()
	for _, odd := range []string{`\u0000`, "\xff"} {
		r, err := matrix.Decode([]byte(`{"next_batch":"s1","rooms":{"join":{
			"!a`+odd+`:hs":{},
			"!b:hs":{"state":{"events":[
				{"type":"m.room.member","state_key":"@x`+odd+`:hs","sender":"@x:hs","content":{"membership":"join"}},
				{"type":"m.room.tombstone","state_key":"","sender":"@x:hs","content":{"replacement_room":"!c`+odd+`:hs"}}]}}},
			"leave":{"!d`+odd+`:hs":{}},"invite":{"!e`+odd+`:hs":{}}}}`), time.Now(), false, "@me:hs")
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Batch.Rooms) != 1 || len(r.Batch.Rooms[0].Members) != 0 || r.Batch.Rooms[0].ReplacedBy != "" || len(r.Invites) != 0 {
			t.Errorf("%q got in: %+v, invites %q", odd, r.Batch.Rooms, r.Invites)
		}
		if r.Dropped.Rooms != 3 || r.Dropped.Events != 1 {
			t.Errorf("%q dropped %+v, want 3 rooms and 1 event", odd, r.Dropped)
		}
		if _, err := matrix.Decode([]byte(`{"next_batch":"s`+odd+`"}`), time.Now(), false, "@me:hs"); err == nil {
			t.Errorf("a cursor with %q is taken", odd)
		}
	}
}
