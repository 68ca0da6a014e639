package matrix_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"presence/aggregator/matrix"
)

// TestRedirectsAreNotFollowed: with 307 and 308 the body goes along, and the
// body of a login is the password.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s went to another host", r.Method, r.URL.Path)
	}))
	defer elsewhere.Close()
	for _, status := range []int{http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		hs := httptest.NewServer(http.RedirectHandler(elsewhere.URL, status))
		defer hs.Close()
		c, err := matrix.New(matrix.Config{Homeserver: hs.URL, UserID: "@presence:hs", Password: "secret"}, &kept{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		err = c.Connect(t.Context())
		if err == nil {
			t.Fatal("connected")
		}
		if f := matrix.Classify(err); f.Status != status {
			t.Errorf("%v is %+v, want status %d", err, f, status)
		}
	}
}
