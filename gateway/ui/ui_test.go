package ui_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"presence/gateway/ui"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	page      = "<!doctype html><title>city</title>"
	spacePage = "<!doctype html><title>space</title>"
)

func built() fstest.MapFS {
	return fstest.MapFS{
		".gitkeep":            {},
		"index.html":          {Data: []byte(page)},
		"index.html.gz":       {Data: zip(page)},
		"space.html":          {Data: []byte(spacePage)},
		"space.html.gz":       {Data: zip(spacePage)},
		"assets/app-1a2b.js":  {Data: []byte("1")},
		"assets/app-1a2b.css": {Data: []byte("b{}")},
		"assets/icon-9f.svg":  {Data: []byte("<svg/>")},
		"assets/icon.svg.gz":  {Data: []byte("never asked for by this name")},
	}
}

func zip(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.Bytes()
}

func newHandler(t *testing.T, root fs.FS) http.Handler {
	t.Helper()
	h, err := ui.New(root, []string{"https://app.element.io"}, []string{"https://images.example.org", "https://*.example.net:8443"})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func get(t *testing.T, h http.Handler, path string, headers ...string) *http.Response {
	t.Helper()
	return do(t, h, http.MethodGet, path, headers...)
}

func do(t *testing.T, h http.Handler, method, path string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestServes(t *testing.T) {
	t.Parallel()
	h := newHandler(t, built())
	for _, c := range []struct {
		path        string
		status      int
		contentType string
		cache       string
	}{
		{"/city", 200, "text/html; charset=utf-8", "no-cache"},
		{"/city?x=1", 200, "text/html; charset=utf-8", "no-cache"},
		{"/assets/app-1a2b.js", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		{"/assets/app-1a2b.css", 200, "text/css; charset=utf-8", "public, max-age=31536000, immutable"},
		{"/assets/icon-9f.svg", 200, "image/svg+xml", "public, max-age=31536000, immutable"},
		{"/space/global/lobby", 200, "text/html; charset=utf-8", "no-cache"},
		{"/space/post/alice/first-room", 200, "text/html; charset=utf-8", "no-cache"},
		{"/space/post/alice%2Ffirst-room/attic", 200, "text/html; charset=utf-8", "no-cache"},
		{"/space.html", 404, "text/plain; charset=utf-8", "no-store"},
		{"/index.html", 404, "text/plain; charset=utf-8", "no-store"},
		{"/.gitkeep", 404, "text/plain; charset=utf-8", "no-store"},
		{"/assets/", 404, "text/plain; charset=utf-8", "no-store"},
		{"/assets/icon.svg.gz", 404, "text/plain; charset=utf-8", "no-store"},
		{"/assets/../index.html", 404, "text/plain; charset=utf-8", "no-store"},
		{"/api/nothing", 404, "text/plain; charset=utf-8", "no-store"},
	} {
		r := get(t, h, c.path)
		if r.StatusCode != c.status || r.Header.Get("Content-Type") != c.contentType || r.Header.Get("Cache-Control") != c.cache {
			t.Errorf("%s: got %d %q %q, want %d %q %q", c.path, r.StatusCode, r.Header.Get("Content-Type"),
				r.Header.Get("Cache-Control"), c.status, c.contentType, c.cache)
		}
	}
}

func TestRootLeadsToTheCity(t *testing.T) {
	t.Parallel()
	h := newHandler(t, built())
	for _, from := range []string{"/", "/city/", "/?a=b"} {
		r := get(t, h, from)
		if r.StatusCode != http.StatusFound || r.Header.Get("Location") != "/city" {
			t.Errorf("%s: got %d to %q, want 302 to /city", from, r.StatusCode, r.Header.Get("Location"))
		}
	}
}

func TestCompression(t *testing.T) {
	t.Parallel()
	h := newHandler(t, built())
	for accept, zipped := range map[string]bool{
		"gzip, deflate, br": true, "*": true, "gzip;q=0.5": true, "X-Gzip": true, "br, *;q=0.1": true,
		"": false, "br": false, "gzip;q=0": false, "gzip; q=0.0, *": false, "gzip;q=x": false, "*;q=0": false, "identity": false,
	} {
		r := get(t, h, "/city", "Accept-Encoding", accept)
		if got := r.Header.Get("Content-Encoding") == "gzip"; got != zipped {
			t.Errorf("Accept-Encoding %q: gzip %v, want %v", accept, got, zipped)
			continue
		}
		text := body(t, r)
		if zipped {
			unzip, err := gzip.NewReader(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			plain, _ := io.ReadAll(unzip)
			text = string(plain)
		}
		if text != page || r.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: body %q, Vary %q", accept, text, r.Header.Get("Vary"))
		}
	}
}

func TestUnchangedPageIsNotSentAgain(t *testing.T) {
	t.Parallel()
	h := newHandler(t, built())
	plain, zipped := get(t, h, "/city"), get(t, h, "/city", "Accept-Encoding", "gzip")
	if plain.Header.Get("ETag") == zipped.Header.Get("ETag") {
		t.Error("both encodings have one ETag")
	}
	again := get(t, h, "/city", "Accept-Encoding", "gzip", "If-None-Match", zipped.Header.Get("ETag"))
	if again.StatusCode != http.StatusNotModified || body(t, again) != "" {
		t.Errorf("got %d, want 304 without a body", again.StatusCode)
	}
}

func TestPolicyHasNoHole(t *testing.T) {
	t.Parallel()
	h := newHandler(t, built())
	r := httptest.NewRequest(http.MethodGet, "/city", nil)
	for _, host := range []string{"city.example", "127.0.0.1:8080", "[::1]:8080"} {
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		policy := w.Header().Get("Content-Security-Policy")
		if want := "connect-src 'self' ws://" + host + " wss://" + host + ";"; !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %q", policy, want)
		}
		for _, hole := range []string{"unsafe", "https:", "http:", "data:", "*"} {
			if strings.Contains(policy, hole) {
				t.Errorf("policy %q has %q", policy, hole)
			}
		}
	}
	for _, forged := range []string{"a; script-src *", "a b", "a\"", "evil.example/x", "a,b", "ü.example"} {
		r.Host = forged
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if policy := w.Header().Get("Content-Security-Policy"); strings.Contains(policy, "ws:") {
			t.Errorf("host %q got into the policy %q", forged, policy)
		}
	}
}

func TestEveryAnswerIsProtected(t *testing.T) {
	t.Parallel()
	h := newHandler(t, built())
	for _, path := range []string{"/", "/city", "/space/global/lobby", "/assets/app-1a2b.js", "/nowhere"} {
		head := get(t, h, path).Header
		for _, name := range []string{
			"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy",
			"Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy",
		} {
			if head.Get(name) == "" {
				t.Errorf("%s: no %s", path, name)
			}
		}
	}
}

// TestOnlySpacesAreFramed: a Matrix client that the operator named may show a
// space as a widget; everything else stands alone.
func TestOnlySpacesAreFramed(t *testing.T) {
	t.Parallel()
	h := newHandler(t, built())
	for path, framed := range map[string]bool{"/space/global/lobby": true, "/city": false, "/assets/app-1a2b.js": false, "/spaces": false} {
		head := get(t, h, path).Header
		policy := head.Get("Content-Security-Policy")
		if strings.HasSuffix(policy, "frame-ancestors https://app.element.io") != framed || (head.Get("X-Frame-Options") == "DENY") == framed {
			t.Errorf("%s: policy %q, X-Frame-Options %q", path, policy, head.Get("X-Frame-Options"))
		}
	}
	alone, err := ui.New(built(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if policy := get(t, alone, "/space/global/lobby").Header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "frame-ancestors 'none'") {
		t.Errorf("without framers: policy %q", policy)
	}
}

// TestOnlySpacesShowWorksOfOthers: hosts that the operator named are in the
// policy for pictures and for what is asked for, of spaces alone.
func TestOnlySpacesShowWorksOfOthers(t *testing.T) {
	t.Parallel()
	h := newHandler(t, built())
	for path, shown := range map[string]bool{"/space/post/alice/first-room": true, "/city": false, "/assets/app-1a2b.js": false, "/spaces": false} {
		policy := get(t, h, path).Header.Get("Content-Security-Policy")
		others := ""
		if shown {
			others = " https://images.example.org https://*.example.net:8443"
		}
		for _, want := range []string{"; img-src 'self'" + others + "; ", "; connect-src 'self' ws://example.com wss://example.com" + others + "; "} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: policy %q lacks %q", path, policy, want)
			}
		}
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	h := newHandler(t, built())
	head := do(t, h, http.MethodHead, "/city")
	if head.StatusCode != http.StatusOK || body(t, head) != "" || head.ContentLength != int64(len(page)) {
		t.Errorf("HEAD: %d, length %d", head.StatusCode, head.ContentLength)
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		r := do(t, h, method, "/city")
		if r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: got %d, Allow %q", method, r.StatusCode, r.Header.Get("Allow"))
		}
	}
}

func TestUnknownPathAnswersAPersonWithAPage(t *testing.T) {
	t.Parallel()
	h := newHandler(t, built())
	r := get(t, h, "/nowhere", "Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	if text := body(t, r); r.StatusCode != 404 || !strings.Contains(text, `href="/city"`) {
		t.Errorf("got %d %q", r.StatusCode, text)
	}
}

func TestWithoutABuildThePageNamesTheCommand(t *testing.T) {
	t.Parallel()
	h := newHandler(t, fstest.MapFS{".gitkeep": {}})
	r := get(t, h, "/city")
	if text := body(t, r); r.StatusCode != http.StatusServiceUnavailable || !strings.Contains(text, "make build") {
		t.Errorf("got %d %q", r.StatusCode, text)
	}
	if r := get(t, h, "/assets/app.js"); r.StatusCode != http.StatusNotFound {
		t.Errorf("asset without a build: got %d, want 404", r.StatusCode)
	}
}

var inline = regexp.MustCompile(`(?i)<style|style\s*=|<script(?:[^>]*)>[^<]|\son[a-z]+\s*=|https?://`)

// TestEmbedded looks at what this very binary carries: with a build, its page
// must live under the policy; without one, it must say what to do.
func TestEmbedded(t *testing.T) {
	t.Parallel()
	h := newHandler(t, ui.Dist())
	for _, path := range []string{"/city", "/space/global/lobby"} {
		lookAtPage(t, h, path)
	}
}

func lookAtPage(t *testing.T, h http.Handler, path string) {
	t.Helper()
	r := get(t, h, path)
	text := body(t, r)
	if r.StatusCode == http.StatusServiceUnavailable {
		if !strings.Contains(text, "make build") {
			t.Errorf("page without a build: %q", text)
		}
		return
	}
	if hole := inline.FindString(text); hole != "" {
		t.Errorf("the policy forbids %q in the built page", hole)
	}
	links := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(text, -1)
	if len(links) < 3 {
		t.Fatalf("the built page links to %d files: %s", len(links), text)
	}
	for _, link := range links {
		asset := get(t, h, link[1], "Accept-Encoding", "gzip")
		if asset.StatusCode != http.StatusOK || asset.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: got %d, encoding %q", link[1], asset.StatusCode, asset.Header.Get("Content-Encoding"))
		}
	}
}
