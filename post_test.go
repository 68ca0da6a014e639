package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPostCommands: an operator brings posts, finds them, hides one, and gives
// somebody a role.
func TestPostCommands(t *testing.T) {
	t.Parallel()
	data := "--data=" + t.TempDir()
	if out := output(t, "post", "list", data); !strings.Contains(out, "presence post add") {
		t.Errorf("an empty list says %q", out)
	}
	for range 2 { // the second time changes nothing
		if out := output(t, "post", "import", "deploy/devcity/town/posts.jsonl", data); out != "8 posts and 1 documents are in; 0 posts of other types were passed over.\n" {
			t.Errorf("import says %q", out)
		}
	}
	output(t, "post", "add", "alice/my-room", "--type=art", "--title=Mine", "--nsfw", data)
	output(t, "post", "hide", "city-museum/twelve-colours", data)
	list := output(t, "post", "list", data)
	for text, want := range map[string]bool{"alice/my-room": true, "nsfw": true, "city-museum/river-at-dawn": true, "twelve-colours": false} {
		if strings.Contains(list, text) != want {
			t.Errorf("the list holds %s: %t\n%s", text, !want, list)
		}
	}
	if out := output(t, "post", "list", "--closed", data); !strings.Contains(out, "twelve-colours") || !strings.Contains(out, "hidden") {
		t.Errorf("closed posts: %s", out)
	}
	output(t, "post", "hide", "city-museum/twelve-colours", "--undo", data)
	if out := output(t, "post", "list", "--search=colour", data); !strings.Contains(out, "twelve-colours") {
		t.Errorf("a search: %s", out)
	}
	output(t, "role", "grant", "document:city-press/city-charter", "hive:bob", "moderator", "--for=2h", data)
	if out := output(t, "role", "list", "document:1", data); !strings.Contains(out, "document:1") || !strings.Contains(out, "hive:bob") {
		t.Errorf("roles: %s", out)
	}
	output(t, "role", "revoke", "document:1", "hive:bob", data)
	if out := output(t, "role", "list", data); !strings.Contains(out, "No role") {
		t.Errorf("roles after all: %s", out)
	}
}

func TestPostCommandsRefuse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "posts.jsonl")
	lines := `{"author":"alice","permlink":"a","type":"art","created":"2026-05-01T12:00:00"}` + "\n\n" +
		`{"author":"alice","permlink":"v","type":"video","created":"2026-05-01T12:00:00"}` + "\n" + `{"author":"ALICE","permlink":"b","type":"art","created":"2026-05-01T12:00:00"}`
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"line 4: space_id":         {"post", "import", file},
		"no such file":             {"post", "import", dir + "/none"},
		"author/permlink":          {"post", "add", "alice", "--type=art"},
		"must be one of":           {"post", "add", "alice/x", "--type=video"},
		"there is no post alice/x": {"post", "flag", "alice/x"},
		"a guest proves nothing":   {"role", "grant", "global:lobby", "guest:1", "admin"},
		"there is no document:9":   {"role", "grant", "document:9", "hive:bob", "admin"},
		"granted no role":          {"role", "revoke", "global:lobby", "hive:bob"},
		"space_type: must be post": {"role", "list", "hall:x"},
	} {
		var out bytes.Buffer
		err := run(t.Context(), append(args, "--data="+dir), &out, io.Discard)
		if err == nil || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("presence %s: %v, want …%s…", strings.Join(args, " "), err, want)
		}
	}
}
