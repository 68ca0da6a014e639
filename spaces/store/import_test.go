package store_test

import (
	"testing"

	"presence/spaces"
	"presence/spaces/store"
)

func TestParseContent(t *testing.T) {
	t.Parallel()
	p, _, err := store.ParseContent([]byte(`{"author":"alice","permlink":"moon","type":"360","body":"x","created":"2026-05-01T12:00:00","json_metadata":"{\"image\":[\"a\"]}","votes":3}`))
	if err != nil || p == nil || p.Content != "x" || p.Metadata != `{"image":["a"]}` || p.Votes != 3 || !p.CreatedAt.Equal(listDay) || p.Title != "moon" {
		t.Errorf("a post: %+v, %v", p, err)
	}
	_, d, err := store.ParseContent([]byte(`{"id":7,"creator":"bob","owner":"bob","permlink":"plan","created_at":"2026-05-01 12:00:00+00","permissions":[{"user_account":"carol","permission":"read"}]}`))
	if err != nil || d == nil || d.Name != "bob/plan" || len(d.Shares) != 1 || !d.CreatedAt.Equal(listDay) {
		t.Errorf("a document: %+v, %v", d, err)
	}
	for field, line := range map[string]string{
		"line": `[]`, "author": `{"title":"x"}`, "created_at": `{"author":"alice","created":"yesterday"}`, "type": `{"author":"alice","permlink":"x","type":"video","created":"2026-05-01T12:00:00"}`,
		"id": `{"creator":"bob","created":"2026-05-01T12:00:00"}`,
	} {
		_, _, err := store.ParseContent([]byte(line))
		wantCode(t, err, spaces.CodeInvalid, field)
	}
	if !store.IsForeignKind([]byte(`{"author":"a","type":"video"}`)) || store.IsForeignKind([]byte(`{"author":"a","type":"art"}`)) || store.IsForeignKind([]byte(`{`)) {
		t.Error("foreign kinds are not told apart")
	}
}

// FuzzParseContent: a line is refused in words, or is one thing that can be
// stored.
func FuzzParseContent(f *testing.F) {
	for _, seed := range []string{`{"author":"alice","permlink":"m","type":"art","created":"2026-05-01T12:00:00Z","json_metadata":{}}`, `{"id":1,"creator":"bob","created_at":"2026-05-01T12:00:00Z"}`, `{}`, `null`, `{"author":"alice","json_metadata":"\u0000{"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		p, d, err := store.ParseContent(line)
		store.IsForeignKind(line)
		if err != nil {
			if spaces.ErrorCode(err) != spaces.CodeInvalid {
				t.Fatal(err)
			}
			return
		}
		if (p == nil) == (d == nil) {
			t.Fatalf("%+v and %+v", p, d)
		}
		if p != nil {
			if again, err := p.Normalize(); err != nil || again != *p {
				t.Fatalf("%+v becomes %+v, %v", *p, again, err)
			}
		}
	})
}
