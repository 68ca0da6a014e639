package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// emulator is a headset in software, from the page's development packages.
const emulator = "web/node_modules/iwer/build/iwer.min.js"

// TestSpaceInBrowsers lets people meet in Chromium on the real stack: they see
// each other walk, talk, lose and find the connection, use the flat map, and
// look through a headset; come in by keys alone; and see the pictures of posts.
func TestSpaceInBrowsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.register("owner")
	w.room(owner, "general")
	w.room(owner, "council")
	w.writeLinks(oneRoom)
	media := pictureHost(t)
	w.postPictures(media)
	p := w.start("--matrix-token="+w.daemon, "--media-origins="+media)

	t.Run("meeting", func(t *testing.T) { p.meeting(t) })
	t.Run("headset", func(t *testing.T) { p.headset(t) })
	t.Run("without WebGL", func(t *testing.T) { p.withoutWebGL(t) })
	t.Run("by keyboard", func(t *testing.T) { p.byKeyboard(t) })
	t.Run("pictures", func(t *testing.T) { p.pictures(t) })
}

// meeting is of two people in the scene of a city room.
func (p *program) meeting(t *testing.T) {
	t.Helper()
	first, second := p.visitor(t, "/space/city/general"), p.visitor(t, "/space/city/general")
	first.enter("scene")
	second.enter("scene")
	first.sees("both", `.space[data-members="2"]`)
	second.sees("both", `.space[data-members="2"]`)

	first.seesStep("the second walk", second)
	second.seesStep("the first walk", first)

	first.says("Good evening, everybody")
	second.reads("Good evening, everybody", 1)
	second.says("مساء الخير")
	first.reads("مساء الخير", 1)

	second.run("lose the connection", chromedp.Evaluate(`lose()`, nil))
	second.sees("that it reconnects", `[data-notice="lost"] button`)
	first.sees("that the second is gone", `.space[data-members="1"]`)
	second.says("Written in the dark")
	first.says("While you were away")
	// The page may have found it by itself before anybody can press the button.
	second.run("find the connection", chromedp.Evaluate(`find(); document.querySelector('[data-notice="lost"] button')?.click()`, nil))
	second.sees("the space again", `.space[data-phase="inside"][data-members="2"]`)
	for _, line := range []string{"Good evening, everybody", "While you were away", "Written in the dark"} {
		first.reads(line, 1)
		second.reads(line, 1)
	}

	second.run("choose the flat map", chromedp.Evaluate(`document.querySelector("[aria-label^='Show a flat map']").click()`, nil))
	second.sees("the flat map", `.space[data-stage="flat"] .flat-host canvas`)
	first.seesStep("the second walk on the map", second)
	second.run("come again", chromedp.Reload())
	second.enter("flat")
	second.reads("Written in the dark", 1)
	second.run("leave", chromedp.Click(`[aria-label="Leave the space"]`, chromedp.ByQuery))
	first.sees("that the second left", `.space[data-members="1"]`)
}

// headset is of somebody in an emulated one, and somebody who watches.
func (p *program) headset(t *testing.T) {
	t.Helper()
	script, err := os.ReadFile(emulator)
	if err != nil {
		t.Fatalf("the emulated headset is not installed; run make web: %v", err)
	}
	watcher := p.visitor(t, "/space/global/lobby")
	wearer := p.visitor(t, "/space/global/lobby",
		string(script)+`;window.headset = new IWER.XRDevice(IWER.metaQuest3); headset.installRuntime({forceInstall: true});`)
	watcher.enter("scene")
	wearer.enter("scene")
	wearer.sees("the button", `.enter-vr`)
	// A headset is entered only by a person's own doing.
	wearer.run("put it on", chromedp.Evaluate(`document.querySelector(".enter-vr").click()`, nil,
		func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithUserGesture(true) }))
	wearer.sees("the scene from within", `[data-headset="true"]`)
	watcher.sees("two hands", `#around[data-hands="2"]`)
	wearer.drawsFrames()
	wearer.run("point at a phrase", chromedp.Evaluate(pointAtHello, nil))
	wearer.drawsFrames()
	wearer.run("pull the trigger", chromedp.Evaluate(`headset.controllers.right.updateButtonValue("trigger", 1)`, nil))
	watcher.reads("Hello!", 1)
	wearer.run("let go", chromedp.Evaluate(`headset.controllers.right.updateButtonValue("trigger", 0)`, nil))
	wearer.drawsFrames()

	watcher.seesMove("the head move", func() {
		wearer.run("lean", chromedp.Evaluate(`headset.position.set(0.9, 1.7, 0.4)`, nil))
	})
	watcher.seesMove("a leap", func() {
		wearer.run("aim", chromedp.Evaluate(`headset.controllers.right.updateAxes("thumbstick", 0, -1)`, nil))
		wearer.drawsFrames()
		wearer.run("let go", chromedp.Evaluate(`headset.controllers.right.updateAxes("thumbstick", 0, 0)`, nil))
	})
}

// pointAtHello brings the right hand before the first key of the slate.
const pointAtHello = `(() => {
  const slate = document.querySelector("a-scene").object3D.getObjectByName("slate");
  const held = slate.parent;
  const at = held.parent.worldToLocal(slate.localToWorld(slate.position.clone().set(-0.13, -0.07, 0.3)));
  const {right} = headset.controllers;
  right.position.set(at.x, at.y, at.z);
  right.quaternion.set(held.quaternion.x, held.quaternion.y, held.quaternion.z, held.quaternion.w);
})()`

// withoutWebGL is of somebody whose browser draws nothing in three dimensions.
func (p *program) withoutWebGL(t *testing.T) {
	t.Helper()
	v := p.visitorWith(t, []chromedp.ExecAllocatorOption{chromedp.Flag("disable-3d-apis", true)}, "/space/city/general")
	v.enter("flat")
	v.sees("no switch to a scene", `.topbar:not(:has([aria-label^="Show the scene"]))`)
	v.says("Seen from above")
	v.reads("Seen from above", 1)
	v.sees("words about who is near", `#around.around`)
}

// visitor is one person's browser.
type visitor struct {
	t    *testing.T
	page context.Context
}

// visitor opens a page with the given scripts run before its own.
func (p *program) visitor(t *testing.T, path string, scripts ...string) *visitor {
	t.Helper()
	return p.visitorWith(t, nil, path, scripts...)
}

func (p *program) visitorWith(t *testing.T, options []chromedp.ExecAllocatorOption, path string, scripts ...string) *visitor {
	t.Helper()
	options = append([]chromedp.ExecAllocatorOption{
		chromedp.WindowSize(480, 360), // software draws the scene
		chromedp.Flag("use-gl", "angle"), chromedp.Flag("use-angle", "swiftshader"), chromedp.Flag("enable-unsafe-swiftshader", true),
	}, options...)
	v := &visitor{t: t, page: newBrowser(t, options...)}
	// The context that starts a browser ends it, so it is not one of a step.
	if err := chromedp.Run(v.page); err != nil {
		t.Fatalf("start a browser: %v", err)
	}
	for _, script := range append(scripts, fragileSocket, fewFrames) {
		v.run("prepare", chromedp.ActionFunc(func(ctx context.Context) error {
			_, err := page.AddScriptToEvaluateOnNewDocument(script).Do(ctx)
			return err
		}))
	}
	v.run("open "+path, chromedp.Navigate(p.base+path))
	return v
}

// fragileSocket lets a test cut the connection, which browsers do not offer:
// lose() ends it and lets no other be, until find().
const fragileSocket = `(() => {
  const open = new Set();
  let lost = false;
  const Real = WebSocket;
  window.WebSocket = class extends Real {
    constructor(url, protocols) {
      super(lost ? url.replace("/ws/space", "/ws/nowhere") : url, protocols);
      open.add(this);
    }
  };
  window.lose = () => { lost = true; for (const s of open) s.close(); };
  window.find = () => { lost = false; };
})()`

// fewFrames keeps software that draws from taking every core for itself. press
// is a key.
const fewFrames = `(() => {
  const real = requestAnimationFrame;
  window.requestAnimationFrame = (draw) => setTimeout(() => real(draw), 100);
  window.cancelAnimationFrame = (timer) => clearTimeout(timer);
  window.press = (type) => document.body.dispatchEvent(new KeyboardEvent(type, {code: "KeyW", key: "w", bubbles: true}));
})()`

func (v *visitor) run(what string, actions ...chromedp.Action) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.page, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		v.t.Fatalf("%s: %v", what, err)
	}
}

// holds waits until an expression is true.
func (v *visitor) holds(what, expression string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.page, patience)
	defer cancel()
	if err := chromedp.Run(ctx, chromedp.Poll(expression, nil, pollOften, chromedp.WithPollingTimeout(0))); err != nil {
		var text string
		_ = chromedp.Run(v.page, chromedp.Evaluate(`document.querySelector(".space")?.outerHTML.slice(0, 600)`, &text))
		v.t.Fatalf("waiting for %s (%s): %v\n%s", what, expression, err, text)
	}
}

// sees waits until the selector matches something.
func (v *visitor) sees(what, selector string) {
	v.t.Helper()
	v.holds(what, fmt.Sprintf(`document.querySelector(%q) !== null`, selector))
}

// enter clicks its way in and waits until the place is drawn.
func (v *visitor) enter(stage string) {
	v.t.Helper()
	v.sees("the way in", `.enter:not([disabled])`)
	v.run("enter", chromedp.Click(`.enter`, chromedp.ByQuery))
	v.sees("the space", fmt.Sprintf(`.space[data-phase="inside"][data-stage=%q]`, stage))
	drawn := map[string]string{"scene": `[data-scene="shown"]`, "flat": `.flat-host canvas`}
	v.sees("the place", drawn[stage])
}

func (v *visitor) says(line string) {
	v.t.Helper()
	v.openChat()
	v.run("write", chromedp.SendKeys(`.composer textarea`, line+kb.Enter, chromedp.ByQuery))
}

// openChat shows the panel where a narrow page hides it.
func (v *visitor) openChat() {
	v.t.Helper()
	v.run("open the chat", chromedp.Evaluate(`document.querySelector(".composer") ?? document.querySelector(".topbar [aria-label^='Chat']").click()`, nil))
	v.sees("the chat", `.composer textarea`)
}

// reads waits until a stored line is in the chat as many times as given.
func (v *visitor) reads(line string, times int) {
	v.t.Helper()
	v.openChat()
	v.holds("the line "+line, fmt.Sprintf(`[...document.querySelectorAll("[data-line] .words")].filter((w) => w.textContent === %q).length === %d`, line, times))
}

// seesStep waits until v sees the other somewhere else while that one holds the
// key for ahead.
func (v *visitor) seesStep(what string, other *visitor) {
	v.t.Helper()
	v.seesMove(what, func() {
		// Keys belong to whoever writes; a walker writes not.
		other.run("look up from the chat", chromedp.Evaluate(`document.activeElement.blur()`, nil))
		other.run("walk", chromedp.Evaluate(`window.holding = setInterval(() => press("keydown"), 100)`, nil)) // as keys repeat
	})
	other.run("stop", chromedp.Evaluate(`clearInterval(holding); press("keyup")`, nil))
}

// seesMove waits until the nearest other person is somewhere else than before.
func (v *visitor) seesMove(what string, move func()) {
	v.t.Helper()
	v.sees("somebody", `#around:not([data-near=""])`)
	var before string
	v.run("look", chromedp.Evaluate(`document.querySelector("#around").dataset.near`, &before))
	move()
	x, z, _ := strings.Cut(before, " ")
	v.holds(what, fmt.Sprintf(`((near) => near.length === 2 && Math.hypot(near[0] - %s, near[1] - %s) > 0.4)(document.querySelector("#around").dataset.near.split(" "))`, x, z))
}

// drawsFrames waits until the page has drawn a few more.
func (v *visitor) drawsFrames() {
	v.t.Helper()
	v.run("count frames", chromedp.Evaluate(`window.drawn = 0; (function count() { drawn++; document.querySelector("a-scene").renderer.xr.getSession().requestAnimationFrame(count); })()`, nil))
	v.holds("some frames", `drawn > 5`)
}
