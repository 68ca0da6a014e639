package spaces_test

import (
	"encoding/json"
	"testing"

	"presence/spaces"
)

func TestKeyIsTextInJSON(t *testing.T) {
	t.Parallel()
	for _, key := range []spaces.Key{{}, {Type: spaces.TypePost, ID: "alice/my-room", Subspace: "main"}} {
		text, err := json.Marshal(map[string]spaces.Key{"key": key})
		if err != nil {
			t.Fatal(err)
		}
		want := `{"key":"` + key.String() + `"}`
		if key == (spaces.Key{}) {
			want = `{"key":""}`
		}
		if string(text) != want {
			t.Errorf("got %s, want %s", text, want)
		}
		var back map[string]spaces.Key
		if err := json.Unmarshal(text, &back); err != nil || back["key"] != key {
			t.Errorf("%s came back as %v: %v", text, back["key"], err)
		}
	}
	var key spaces.Key
	if err := json.Unmarshal([]byte(`"post:nobody"`), &key); spaces.ErrorCode(err) != spaces.CodeInvalid {
		t.Errorf("got %v", err)
	}
}
