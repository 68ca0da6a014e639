package main

import (
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// pictureHost serves a picture to pages of any origin, from an origin of its
// own, and returns that.
func pictureHost(t *testing.T) string {
	t.Helper()
	host := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Content-Type", "image/png")
		_ = png.Encode(w, image.NewGray(image.Rect(0, 0, 64, 32))) // the browser went away; the test says so
	}))
	t.Cleanup(host.Close)
	return host.URL
}

// postPictures brings a panorama whose picture the host has, and a gallery of
// two pictures, one of them from a host that nobody allowed.
func (w *world) postPictures(host string) {
	w.t.Helper()
	elsewhere := strings.Replace(host, "127.0.0.1", "localhost", 1)
	posts := fmt.Sprintf(`{"author":"alice","permlink":"river","type":"360","title":"The river","content":"%s/river.png","created_at":"2026-05-01T12:00:00Z"}
{"author":"alice","permlink":"two","type":"art","title":"Two","content":"%s/one.png and %s/two.png","created_at":"2026-05-01T12:00:00Z"}
`, host, host, elsewhere)
	file := filepath.Join(w.t.TempDir(), "posts.jsonl")
	if err := os.WriteFile(file, []byte(posts), 0o600); err != nil {
		w.t.Fatal(err)
	}
	output(w.t, "post", "import", file, "--data="+w.data)
}

// pictures is of somebody who looks at posts with pictures of their own.
func (p *program) pictures(t *testing.T) {
	t.Helper()
	v := p.visitorWith(t, []chromedp.ExecAllocatorOption{chromedp.Flag("ignore-certificate-errors", true)}, "/space/post/alice/river")
	v.sees("the panorama with its picture", `[data-kind="360"] [data-scene="shown"][data-pictures="shown"]`)
	v.run("go on", chromedp.Navigate(p.base+"/space/post/alice/two"))
	v.sees("that a picture is missing", `[data-kind="art"] [data-scene="shown"][data-pictures="failed"]`)
	v.holds("words about it", `document.querySelector(".picture-note").textContent.startsWith("1 of 2 pictures could not be loaded")`)
}
