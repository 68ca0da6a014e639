package auth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"presence/gateway/auth"
)

// FuzzViewer: no bytes crash the reader, and none but signed ones are believed.
func FuzzViewer(f *testing.F) {
	w := newWorld(f)
	good := city(f)
	// Each process of a fuzzing run makes another one, hence the subject below.
	own := mint(f, w, auth.Grant{Subject: "op", Roles: []string{"admin"}}).Token
	for _, seed := range []string{
		good, own, "", "a.b.c", "..", good[:20], b64(`{"alg":"none"}`) + "." + b64(`{"iss":"presence"}`) + ".",
		b64(`{"alg":"HS256","crit":["x"]}`) + "." + b64(`{"iss":"daarion-auth","exp":1e300,"roles":null}`) + ".AA",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		v, expires, err := w.Viewer(t.Context(), token)
		if err == nil && token != good && v.Subject != "op" {
			t.Fatalf("%q is believed to be %+v", token, v)
		}
		if err != nil && (v.Subject != "" || !expires.IsZero()) {
			t.Fatalf("%q is refused and still gives %+v", token, v)
		}
	})
}

// FuzzFromRequest: no headers and no query crash the reader or find a viewer.
func FuzzFromRequest(f *testing.F) {
	w := newWorld(f, func(c *auth.Config) { c.QueryToken = true })
	f.Add("Bearer x", "presence.city.v2, bearer.x", "ticket=x&token=y")
	f.Add("Basic x", "bearer.", "a=%zz;b")
	f.Add(" ", ",,,bearer", "token="+strings.Repeat("a", 5000))
	f.Fuzz(func(t *testing.T, authorization, subprotocol, query string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.URL = &url.URL{Path: "/", RawQuery: query}
		r.Header["Authorization"] = []string{authorization}
		r.Header["Sec-Websocket-Protocol"] = []string{subprotocol}
		if v, _, err := w.FromRequest(r); err == nil {
			t.Fatalf("viewer %+v out of nothing", v)
		}
	})
}
