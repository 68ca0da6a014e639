package gateway

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestWholeID(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"/api/spaces/post/alice/my-room":                "/api/spaces/post/alice%2Fmy-room",
		"/api/spaces/post/alice/my-room/join":           "/api/spaces/post/alice%2Fmy-room/join",
		"/api/spaces/post/alice/my-room/roles/hive:bob": "/api/spaces/post/alice%2Fmy-room/roles/hive:bob",
		"/api/spaces/document/alice/doc/capacity":       "/api/spaces/document/alice%2Fdoc/capacity",
		"/api/chat/post/alice/join/messages":            "/api/chat/post/alice%2Fjoin/messages",
		"/api/presence/spaces/post/alice/r/queue":       "/api/presence/spaces/post/alice%2Fr/queue",
		"/api/documents/alice/doc/comments":             "/api/documents/alice%2Fdoc/comments",
		"/api/presence/documents/alice/doc/comments":    "/api/presence/documents/alice%2Fdoc/comments",

		"/api/spaces/post/alice%2Fmy-room/join": "",
		"/api/spaces/post/alice%2fmy-room/join": "",
		"/api/spaces/post/alice":                "",
		"/api/spaces/post/alice/":               "",
		"/api/spaces/document/7/join":           "",
		"/api/spaces/global/lobby/join":         "",
		"/api/spaces/city/plaza/join":           "",
		"/api/spaces":                           "",
		"/api/spaces/post":                      "",
		"/api/documents/7/comments":             "",
		"/api/documents/7/comments/3":           "",
		"/api/documents/alice%2Fdoc/comments/3": "",
		"/api/chat/unread":                      "",
		"/api/city/rooms":                       "",
		"/space/post/alice/my-room":             "",
	} {
		if want == "" {
			want = given
		}
		if got := wholeID(given); got != want {
			t.Errorf("%s: %s, want %s", given, got, want)
		}
	}
}

// TestWholeIDsReachTheMux: both forms give the route the same id.
func TestWholeIDsReachTheMux(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/spaces/{type}/{id}/join", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.PathValue("type") + " " + r.PathValue("id")))
	})
	for _, path := range []string{"/api/spaces/post/alice/my-room/join", "/api/spaces/post/alice%2Fmy-room/join", "/api/spaces/post/alice%2fmy-room/join"} {
		recorder := httptest.NewRecorder()
		wholeIDs(mux).ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, http.NoBody))
		if got := recorder.Body.String(); got != "post alice/my-room" {
			t.Errorf("%s reached %d %q", path, recorder.Code, got)
		}
	}
}

// FuzzWholeID: the decoded path stays what it was, and doing it twice is once.
func FuzzWholeID(f *testing.F) {
	for _, seed := range []string{"/api/spaces/post/a/b/c", "/api/chat/document/7/x", "/api/spaces/post/%2F/b", "/api/presence/spaces/post//b", "/api/spaces/post/a%zz/b", "/api/documents/a/b/c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		whole := wholeID(path)
		if wholeID(whole) != whole {
			t.Fatalf("%q becomes %q and then %q", path, whole, wholeID(whole))
		}
		before, err := url.PathUnescape(path)
		if err != nil {
			return
		}
		if after, err := url.PathUnescape(whole); err != nil || after != before {
			t.Fatalf("%q decodes to %q, %q to %q", path, before, whole, after)
		}
		if strings.Count(whole, "/") > strings.Count(path, "/") {
			t.Fatalf("%q grew to %q", path, whole)
		}
	})
}
