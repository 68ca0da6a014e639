package main

import (
	"context"
	"fmt"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"
	"maunium.net/go/mautrix/event"
)

// TestBrowserSeesLife opens /city in Chromium on the real stack and watches a
// count change and a typing badge appear and vanish.
func TestBrowserSeesLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.register("alice"), w.register("bob")
	room := w.room(alice, "general")
	w.room(alice, "council")
	setPresence(t, alice, event.PresenceOnline)
	w.writeLinks(oneRoom)
	p := w.start("--matrix-token=" + w.daemon)

	ctx := newBrowser(t)
	see := func(what, selector string) {
		t.Helper()
		if err := chromedp.Run(ctx, chromedp.WaitVisible(selector, chromedp.ByQuery)); err != nil {
			t.Fatalf("%s (%s): %v", what, selector, err)
		}
	}
	vanish := func(what, selector string) {
		t.Helper()
		if err := chromedp.Run(ctx, chromedp.WaitNotPresent(selector, chromedp.ByQuery)); err != nil {
			t.Fatalf("%s (%s): %v", what, selector, err)
		}
	}
	online := func(n int) string { return fmt.Sprintf(`[data-room="general"][data-online="%d"]`, n) }
	const badge = `[data-room="general"] [data-typing]`

	if err := chromedp.Run(ctx, chromedp.Navigate(p.base+"/city")); err != nil {
		t.Fatalf("open /city: %v", err)
	}
	see("alice is here", online(1))
	join(t, bob, room)
	setPresence(t, bob, event.PresenceOnline)
	see("bob came", online(2))
	typing(t, bob, room, true)
	see("bob types", badge)
	typing(t, bob, room, false)
	vanish("bob stopped", badge)
	leave(t, bob, room)
	see("bob left", online(1))
}

// newBrowser starts a Chromium of this test's own and returns a context of one
// tab, which ends when a test of many steps must have come to its end.
func newBrowser(t *testing.T, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("no chromium found; run: apt-get install chromium (make test does that)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox, // the test may run as root, where Chromium's sandbox refuses to start
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.WSURLReadTimeout(patience), // for the start; 20 s are short beside other browsers
	)
	options = append(options, more...)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 4*patience)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}
