package spaces_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"presence/spaces"
)

func TestParseSlug(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"a", "7", "general", "leadership-hall", "a_b-c", "0-_", strings.Repeat("x", 64)} {
		if slug, err := spaces.ParseSlug(good); err != nil || string(slug) != good {
			t.Errorf("%q: %q, %v", good, slug, err)
		}
	}
	for name, bad := range map[string]string{
		"empty": "", "dot": "a.b", "wildcard": "a*", "rest wildcard": ">", "colon": "a:b", "space": "a b", "upper case": "General",
		"hyphen first": "-a", "underscore first": "_a", "slash": "a/b", "percent": "a%2e", "newline": "a\n", "NUL": "a\x00",
		"Cyrillic look-alike": "gеneral", "Ukrainian": "площа", "Arabic digits": "٣", "emoji": "🏙", "invalid UTF-8": "a\xff", "65": strings.Repeat("x", 65),
	} {
		_, err := spaces.ParseSlug(bad)
		wantInvalid(t, name, err, "slug")
	}
}

func wantInvalid(t *testing.T, name string, err error, field string) {
	t.Helper()
	e, ok := errors.AsType[*spaces.Error](err)
	if !ok || e.Code != spaces.CodeInvalid || e.Field != field || e.Message == "" {
		t.Errorf("%s: %v, want an invalid %s", name, err, field)
	}
}

// FuzzSlug: whatever is accepted is one NATS token and one URL segment.
func FuzzSlug(f *testing.F) {
	for _, seed := range []string{"", "general", "a.b", "#city_general:example.org", "#city_a:b:c", "площа", "\xff", "-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		slug, err := spaces.ParseSlug(text)
		if err != nil {
			if slug != "" {
				t.Fatalf("%q with %v", slug, err)
			}
			return
		}
		if strings.ContainsAny(text, ".*> \t\r\n") || url.PathEscape(text) != text || len(text) > 64 || strings.ToLower(text) != text {
			t.Fatalf("%q was accepted", text)
		}
	})
}
