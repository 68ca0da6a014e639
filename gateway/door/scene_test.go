package door_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

func newBrowser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("no chromium found; run: apt-get install chromium (make test does that)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.WindowSize(320, 240), chromedp.NoSandbox, // the test may run as root, where Chromium's sandbox refuses to start
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("use-gl", "angle"), chromedp.Flag("use-angle", "swiftshader"), chromedp.Flag("enable-unsafe-swiftshader", true),
	)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*patience)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

func TestScene(t *testing.T) {
	t.Parallel()
	for _, adapter := range []string{"uws", "socketio"} {
		t.Run(adapter, func(t *testing.T) {
			w := newWorld(t)
			pages := httptest.NewServer(http.FileServer(http.Dir("../../testdata/clients")))
			t.Cleanup(pages.Close)
			server := strings.Replace(w.base, "http", "ws", 1)
			if adapter == "uws" {
				server += "/naf/uws"
			}
			open := func(x string) (page context.Context, id string) {
				page = newBrowser(t)
				address := pages.URL + "/scene.html?" + url.Values{"server": {server}, "adapter": {adapter}, "room": {"alice-gallery-main"}, "x": {x}}.Encode()
				if err := chromedp.Run(page, chromedp.Navigate(address), chromedp.Poll(`window.NAF && NAF.clientId`, &id, chromedp.WithPollingInterval(100*time.Millisecond))); err != nil {
					t.Fatalf("open the scene: %v", err)
				}
				return page, id
			}
			see := func(page context.Context, what, expression string) {
				t.Helper()
				if err := chromedp.Run(page, chromedp.Poll(expression, nil, chromedp.WithPollingTimeout(patience/2), chromedp.WithPollingInterval(100*time.Millisecond))); err != nil {
					var now string
					_ = chromedp.Run(page, chromedp.Evaluate(`JSON.stringify({others: others(), shared, id: NAF.clientId})`, &now))
					t.Fatalf("%s: %v; the page has %s", what, err, now)
				}
			}
			a, aID := open("1")
			b, bID := open("-2")
			see(b, "the first avatar", fmt.Sprintf("stands(%q, 1)", aID))
			see(a, "the second avatar", fmt.Sprintf("stands(%q, -2)", bID))
			see(b, "turned", "others()[0].yaw === 90")
			if err := chromedp.Run(a, chromedp.Evaluate(`walk(5)`, nil)); err != nil {
				t.Fatal(err)
			}
			see(b, "the walk", fmt.Sprintf("stands(%q, 5)", aID))
			if err := chromedp.Run(a, chromedp.Evaluate(`NAF.connection.broadcastDataGuaranteed("dice", {six: 6})`, nil)); err != nil {
				t.Fatal(err)
			}
			see(b, "custom data", fmt.Sprintf("shared.some(m => m.from === %q && m.data.six === 6)", aID))

			guest := w.socketio("")
			guest.join(`{"spaceType":"post","spaceId":"alice/gallery","position":{"x":8,"y":1.6,"z":-3}}`)
			see(b, "somebody of another door", fmt.Sprintf("stands(%q, 8)", guest.id))
			guest.close()
			if err := chromedp.Cancel(a); err != nil {
				t.Fatal(err)
			}
			see(b, "nobody left", "others().length === 0")
		})
	}
}
