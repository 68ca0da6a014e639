package spaces_test

import (
	"testing"

	"presence/spaces"
)

// TestAccount: an account names one kind of identity only, whatever the city
// calls its users.
func TestAccount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		viewer spaces.Viewer
		want   string
	}{
		"guest":                   {spaces.Viewer{Subject: "guest:x", Guest: true}, ""},
		"Hive":                    {spaces.Viewer{Subject: "hive:alice"}, "alice"},
		"Matrix":                  {spaces.Viewer{Subject: "matrix:@alice:example.org"}, "@alice:example.org"},
		"a user of the city":      {spaces.Viewer{Subject: "6f1c1e0a-0000-4000-8000-000000000001"}, "6f1c1e0a-0000-4000-8000-000000000001"},
		"city, as on Hive":        {spaces.Viewer{Subject: "alice"}, "city:alice"},
		"city, nearly as on Hive": {spaces.Viewer{Subject: "Alice"}, "city:Alice"},
		"city, as on Matrix":      {spaces.Viewer{Subject: "@alice:example.org"}, "city:@alice:example.org"},
		"no Matrix id":            {spaces.Viewer{Subject: "matrix:alice"}, "matrix:alice"},
		"nobody":                  {spaces.Viewer{}, ""},
	} {
		if got := spaces.Account(c.viewer); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
