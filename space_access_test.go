package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// byKeyboard is of somebody who comes in, talks and walks with keys alone and
// asked for less motion, while another hears the page.
func (p *program) byKeyboard(t *testing.T) {
	t.Helper()
	listener := p.visitor(t, "/space/city/general/attic")
	listener.enter("scene")
	v := p.visitor(t, "/space/city/general/attic", `localStorage.setItem("presence.stage", "flat")`)
	v.run("ask for less motion", emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}))
	v.sees("the way in", `.enter:not([disabled])`)
	v.named("button Enter as guest", "button Sign in", "link Back to the city", "log What happens here")
	v.tabTo("the way in", `.enter`)
	v.run("enter", chromedp.KeyEvent(kb.Enter))
	v.sees("the space", `.space[data-phase="inside"] .flat-host canvas`)
	v.holds("a place to go on from", `document.activeElement.matches("main")`)

	v.tabTo("the map", `.flat-host canvas`)
	v.named("application Map of ", "button Chat", "button People", "button Leave the space", "group Gestures", "button Wave")
	v.openChat()
	v.named("complementary Chat", "log Chat. The up and down keys go from line to line.", "textbox Write a line")
	v.tabTo("the chat", `.composer textarea`)
	v.run("write", chromedp.KeyEvent("Hello there"+kb.Enter))
	listener.holds("who came and what they said, in words", `["came in", "says: Hello there"].every((words) => document.querySelector("[aria-label='What happens here']").textContent.includes(words))`)
	v.reads("Hello there", 1)
	v.tabTo("the lines", `.lines`)
	v.run("go to the newest", chromedp.KeyEvent(kb.ArrowUp))
	v.holds("the line", `document.activeElement.matches("[data-line]") && getComputedStyle(document.activeElement).outlineStyle !== "none"`)
	v.tabTo("what to do with it", `.actions button`)
	v.run("see the people", chromedp.Evaluate(`document.querySelector(".tabs button:nth-child(2)").click()`, nil))
	v.named("list 2 people")
	v.holds("nothing that moves by itself", `document.getAnimations().length === 0`)
}

// named waits until the browser tells readers of the page of all of these, each
// a role and the beginning of a name.
func (v *visitor) named(wanted ...string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.page, patience)
	defer cancel()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for found := v.told(ctx); ; found = v.told(ctx) {
		isMissing := func(w string) bool {
			return !slices.ContainsFunc(found, func(f string) bool { return strings.HasPrefix(f, w) })
		}
		missing := slices.DeleteFunc(slices.Clone(wanted), func(w string) bool { return !isMissing(w) })
		if len(missing) == 0 {
			return
		}
		<-look.C
		if ctx.Err() != nil {
			v.t.Fatalf("readers of the page are not told of %q, but of %q", missing, found)
		}
	}
}

// told lists the role and the name of everything that readers of the page are
// told of.
func (v *visitor) told(ctx context.Context) []string {
	v.t.Helper()
	var found []string
	err := chromedp.Run(ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		nodes, err := accessibility.GetFullAXTree().Do(ctx)
		for _, n := range nodes {
			if n.Ignored || n.Role == nil || n.Name == nil {
				continue
			}
			var role, name string
			if json.Unmarshal(n.Role.Value, &role) == nil && json.Unmarshal(n.Name.Value, &name) == nil {
				found = append(found, role+" "+name)
			}
		}
		return err
	}))
	if err != nil && ctx.Err() == nil {
		v.t.Fatalf("read the page as it is told: %v", err)
	}
	return found
}

// tabTo goes on by Tab until the selector matches what has the focus, which
// must be visible.
func (v *visitor) tabTo(what, selector string) {
	v.t.Helper()
	for range 40 {
		var isThere, isShown bool
		v.run("press Tab", chromedp.KeyEvent(kb.Tab),
			chromedp.Evaluate(fmt.Sprintf(`document.activeElement.matches(%q)`, selector), &isThere),
			chromedp.Evaluate(`document.activeElement === document.body || document.activeElement.matches(":focus-visible") && getComputedStyle(document.activeElement).outlineStyle !== "none"`, &isShown))
		if !isShown {
			v.t.Fatalf("on the way to %s the focus is not to be seen", what)
		}
		if isThere {
			return
		}
	}
	v.t.Fatalf("%s (%s) is out of reach of Tab", what, selector)
}
