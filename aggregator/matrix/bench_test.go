package matrix_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"presence/aggregator/matrix"
	"presence/synthetic"
)

// BenchmarkDecodeInitial is the initial sync of a large server: 10,000 people,
// each in 10 of 1,000 rooms. The goal is less than a second.
func BenchmarkDecodeInitial(b *testing.B) {
	body := initialSync(b, 10_000, 1_000, 10)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := matrix.Decode(body, time.Now(), true, "@me:hs")
		if err != nil || len(r.Batch.Rooms) != 1_000 || len(r.Batch.Presence) != 10_000 {
			b.Fatalf("%v", err)
		}
	}
}

// BenchmarkDecodeChange is one presence change in a response of its own.
func BenchmarkDecodeChange(b *testing.B) {
	body := []byte(`{"next_batch":"s1","presence":{"events":[{"type":"m.presence","sender":"@a:hs","content":{"presence":"online","last_active_ago":15,"currently_active":true}}]}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := matrix.Decode(body, time.Now(), false, "@me:hs"); err != nil {
			b.Fatal(err)
		}
	}
}

// initialSync is the body of an initial sync as the synthetic homeserver gives
// it.
func initialSync(b *testing.B, users, rooms, each int) []byte {
	b.Helper()
	hs := synthetic.New("hs", synthetic.Quirks{})
	defer hs.Close()
	me := hs.AddUser("me")
	_, ids := hs.Populate(users, rooms, each)
	for _, roomID := range ids {
		hs.Join(me, roomID)
	}
	filter := `{"presence":{"limit":1000000},"room":{"state":{"types":["m.room.member","m.room.create"]},"timeline":{"limit":10,"types":["m.room.member"]}}}`
	req := httptest.NewRequest(http.MethodGet, "/_matrix/client/v3/sync", nil)
	req.URL.RawQuery = "set_presence=offline&filter=" + filter
	req.Header.Set("Authorization", "Bearer "+hs.Token(me))
	w := httptest.NewRecorder()
	hs.ServeHTTP(w, req)
	if w.Code != http.StatusOK {
		b.Fatalf("status %d: %.200s", w.Code, w.Body)
	}
	return w.Body.Bytes()
}
