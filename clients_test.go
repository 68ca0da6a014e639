package main

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

// TestOldClients lets clients that were not written for us into the running
// program: the real socket.io-client with each choice of transports, and
// unmodified networked-aframe scenes over both of its adapters.
func TestOldClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.register("owner")
	w.room(owner, "general")
	w.room(owner, "council")
	w.writeLinks(oneRoom)
	pages := httptest.NewServer(http.FileServer(http.Dir("testdata/clients")))
	t.Cleanup(pages.Close)
	p := w.start("--matrix-token="+w.daemon, "--origins="+pages.URL)
	alice := strings.TrimSpace(output(t, "token", "hive:alice", "--name=alice", "--data="+w.data))

	for _, transports := range []string{"default", "websocket", "polling"} {
		t.Run("socket.io-client/"+transports, func(t *testing.T) { p.socketIO(t, alice, transports) })
	}
	for adapter, path := range map[string]string{"uws": "/naf", "socketio": ""} {
		t.Run("networked-aframe/"+adapter, func(t *testing.T) { p.scenes(t, pages.URL, adapter, path) })
	}
}

// socketIO plays testdata/clients/socketio.mjs in a subspace of its own.
func (p *program) socketIO(t *testing.T, token, transports string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "node", "testdata/clients/socketio.mjs", p.base, token, transports).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// scenes opens testdata/clients/scene.html for two people, who see each other
// stand, turn and walk, share data, and part.
func (p *program) scenes(t *testing.T, pages, adapter, path string) {
	t.Helper()
	open := func(x string) *scene {
		s := &scene{t: t, page: newBrowser(t)}
		query := url.Values{"server": {strings.Replace(p.base, "http", "ws", 1) + path}, "adapter": {adapter}, "room": {"global:lobby:main-" + adapter}, "x": {x}}
		s.run("open the scene", chromedp.Navigate(pages+"/scene.html?"+query.Encode()),
			chromedp.Poll(`window.NAF && NAF.clientId`, &s.id, pollOften, chromedp.WithPollingTimeout(patience)))
		return s
	}
	first, second := open("1"), open("-2")
	second.sees("the first where it stands", fmt.Sprintf("stands(%q, 1)", first.id))
	second.sees("the first turned", "others()[0].yaw === 90")
	first.sees("the second where it stands", fmt.Sprintf("stands(%q, -2)", second.id))
	first.run("walk", chromedp.Evaluate(`walk(5)`, nil))
	second.sees("the first where it walked", fmt.Sprintf("stands(%q, 5)", first.id))
	first.run("share", chromedp.Evaluate(`NAF.connection.broadcastDataGuaranteed("dice", {six: 6})`, nil))
	second.sees("the first's data", fmt.Sprintf("shared.some((m) => m.from === %q && m.data.six === 6)", first.id))
	if err := chromedp.Cancel(first.page); err != nil {
		t.Fatalf("close the first scene: %v", err)
	}
	second.sees("nobody", "others().length === 0")
}

// pollOften looks by the clock: a page that is not shown draws no frames.
var pollOften = chromedp.WithPollingInterval(100 * time.Millisecond)

// scene is one person's page.
type scene struct {
	t    *testing.T
	page context.Context
	id   string // the client's, as the server named it
}

func (s *scene) run(what string, actions ...chromedp.Action) {
	s.t.Helper()
	if err := chromedp.Run(s.page, actions...); err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
}

// sees waits until the page shows something.
func (s *scene) sees(what, expression string) {
	s.t.Helper()
	// Shorter than the page lives, so that there is a page left to ask.
	err := chromedp.Run(s.page, chromedp.Poll(expression, nil, pollOften, chromedp.WithPollingTimeout(patience)))
	if err == nil {
		return
	}
	var shown string
	_ = chromedp.Run(s.page, chromedp.Evaluate(`JSON.stringify({others: others(), shared})`, &shown))
	s.t.Fatalf("%s does not see %s: %v; it shows %s", s.id, what, err, shown)
}
