package throttle_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"presence/aggregator/throttle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const window = 3 * time.Second

// bench is a throttle of ints with a clock of its own. Zero is what people wait
// for: changes to and from it have a window of half a second.
type bench struct {
	t    *testing.T
	th   *throttle.Throttle[string, int]
	now  time.Time
	base time.Time
}

func config() throttle.Config[int] {
	return throttle.Config[int]{
		Same: func(a, b int) bool { return a == b },
		Window: func(a, b int) time.Duration {
			if (a == 0) != (b == 0) {
				return window / 6
			}
			return window
		},
	}
}

func newBench(t *testing.T, cfg throttle.Config[int]) *bench {
	base := time.UnixMilli(1_700_000_000_000)
	return &bench{t: t, th: throttle.New[string](cfg), now: base, base: base}
}

func (b *bench) at(offset time.Duration) { b.now = b.base.Add(offset) }

func (b *bench) set(key string, value int) bool { return b.th.Set(b.now, key, value) }

// due takes what is due, reports it sent and spells it "key=value".
func (b *bench) due() string {
	items := b.th.Due(b.now)
	b.th.Sent(items)
	return spell(items)
}

func spell(items []throttle.Item[string, int]) string {
	var words []string
	for _, it := range items {
		word := fmt.Sprintf("%s=%d", it.Key, it.Value)
		if it.Gone {
			word = it.Key + " gone"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// expect fails unless exactly that is due now.
func (b *bench) expect(want string) {
	b.t.Helper()
	if got := b.due(); got != want {
		b.t.Errorf("at +%v: due %q, want %q", b.now.Sub(b.base), got, want)
	}
}

// expectNext fails unless the throttle next has something at that offset.
func (b *bench) expectNext(want time.Duration) {
	b.t.Helper()
	next, ok := b.th.Next()
	if !ok || next.Sub(b.base) != want {
		b.t.Errorf("next is %v (%v), want %v", next.Sub(b.base), ok, want)
	}
}

func TestFirstValueLeavesAtOnceAndTheLastOneWhenTheWindowEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t, config())
	b.set("a", 1)
	b.expect("a=1")
	for i := range 20 {
		b.at(time.Duration(i) * 100 * time.Millisecond)
		b.set("a", 2+i)
		b.expect("")
	}
	b.expectNext(window)
	b.at(window - 1)
	b.expect("")
	b.at(window)
	b.expect("a=21")
	b.at(time.Hour)
	b.expect("")
	if _, ok := b.th.Next(); ok {
		t.Error("something is left to wait for")
	}
}

func TestChangeAndItsUndoingPublishNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, config())
	b.set("a", 1)
	b.expect("a=1")
	if !b.set("a", 2) {
		t.Error("2 after 1 has to be told")
	}
	if b.set("a", 1) {
		t.Error("1 after a published 1 has to be told to nobody")
	}
	b.at(time.Hour)
	b.expect("")
}

func TestWhatPeopleWaitForHasAShorterWindow(t *testing.T) {
	t.Parallel()
	b := newBench(t, config())
	b.set("a", 1)
	b.expect("a=1")
	b.set("a", 2)
	b.expectNext(window)
	b.set("a", 0)
	b.expectNext(window / 6)
	b.at(window / 6)
	b.expect("a=0")
	b.set("a", 1)
	b.at(window / 3)
	b.expect("a=1")
}

func TestWindowsOfKeysDoNotTouchEachOther(t *testing.T) {
	t.Parallel()
	b := newBench(t, config())
	b.set("a", 1)
	b.expect("a=1")
	b.at(time.Second)
	b.set("a", 2)
	b.set("b", 1)
	b.expect("b=1")
	b.at(window)
	b.expect("a=2")
}

func TestBudgetSendsTheOldestChangeFirst(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.PerSec, cfg.Burst = 10, 2
	b := newBench(t, cfg)
	for i, key := range []string{"e", "d", "c", "b", "a"} {
		b.at(time.Duration(i) * time.Millisecond)
		b.set(key, 1)
	}
	b.at(10 * time.Millisecond)
	b.set("e", 7) // newer, but its change is still the oldest
	b.expect("e=7 d=1")
	b.expectNext(110*time.Millisecond - 100*time.Millisecond + 100*time.Millisecond)
	b.at(110 * time.Millisecond)
	b.expect("c=1")
	b.at(210 * time.Millisecond)
	b.expect("b=1")
	b.at(10 * time.Second)
	b.expect("a=1")
}

func TestFailedPublishIsRetriedWithTheNewestValue(t *testing.T) {
	t.Parallel()
	b := newBench(t, config())
	b.set("a", 1)
	b.set("b", 1)
	items := b.th.Due(b.now)
	b.set("a", 2)
	b.set("b", 9)
	b.set("b", 1)
	b.th.Failed(b.now, items)
	b.expect("")
	b.expectNext(throttle.DefaultRetry)
	b.at(throttle.DefaultRetry)
	b.expect("a=2 b=1")
}

func TestFailureAfterASuccessIsRetriedEvenWhenTheValueReturns(t *testing.T) {
	t.Parallel()
	b := newBench(t, config())
	b.set("a", 1)
	b.expect("a=1")
	b.at(window)
	b.set("a", 2)
	items := b.th.Due(b.now)
	b.th.Failed(b.now, items) // perhaps it did arrive: a=1 must be told again
	b.set("a", 1)
	b.at(3 * window)
	b.expect("a=1")
}

func TestValueSetWhileAnotherIsOnItsWay(t *testing.T) {
	t.Parallel()
	b := newBench(t, config())
	b.set("a", 1)
	b.expect("a=1")
	b.at(window)
	b.set("a", 2)
	items := b.th.Due(b.now)
	if !b.set("a", 1) {
		t.Error("1 has to be told: 2 is on its way")
	}
	if got := spell(b.th.Due(b.now.Add(time.Hour))); got != "" {
		t.Errorf("%q left while the key was on its way", got)
	}
	b.th.Sent(items)
	b.at(2 * window)
	b.expect("a=1")
}

func TestDropIsToldAtOnceAndOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, config())
	b.set("never", 1)
	b.th.Drop(b.now, "never")
	b.th.Drop(b.now, "unheard")
	b.expect("")
	b.set("a", 1)
	b.expect("a=1")
	b.th.Drop(b.now, "a")
	b.th.Drop(b.now, "a")
	b.expect("a gone")
	b.expect("")
	b.set("a", 1)
	b.expect("a=1")
}

func TestDropWhileOnTheWay(t *testing.T) {
	t.Parallel()
	b := newBench(t, config())
	b.set("a", 1)
	items := b.th.Due(b.now)
	b.th.Drop(b.now, "a")
	b.th.Failed(b.now, items) // it may have arrived
	b.at(throttle.DefaultRetry)
	b.expect("a gone")
	b.at(time.Hour)
	b.expect("")
}

func TestAdoptedValueIsComparedAndDropped(t *testing.T) {
	t.Parallel()
	b := newBench(t, config())
	b.th.Adopt(b.now, "a", 1)
	b.th.Adopt(b.now, "b", 1)
	b.set("a", 1)
	b.expect("")
	b.th.Drop(b.now, "b")
	b.expect("b gone")
}

func TestRenewalsAreSpreadEvenly(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.Renew = 100 * time.Second
	b := newBench(t, cfg)
	const keys = 1000
	for i := range keys {
		b.set(fmt.Sprintf("k%04d", i), 1)
	}
	if n := len(strings.Fields(b.due())); n != keys {
		t.Fatalf("%d of %d published", n, keys)
	}
	renewed := map[string]int{}
	var perSecond []int
	for second := 1; second <= 200; second++ {
		b.at(time.Duration(second) * time.Second)
		words := strings.Fields(b.due())
		perSecond = append(perSecond, len(words))
		for _, w := range words {
			renewed[w]++
		}
	}
	if most := slices.Max(perSecond); most > 2*keys/100 {
		t.Errorf("%d renewals in one second, want about %d", most, keys/100)
	}
	for i := range keys {
		if n := renewed[fmt.Sprintf("k%04d=1", i)]; n != 2 {
			t.Fatalf("key %d renewed %d times in two cycles", i, n)
		}
	}
}

func TestStaleValuesAreNotRenewed(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.Renew = time.Minute
	cfg.Renewable = func(v int) bool { return v != 13 }
	b := newBench(t, cfg)
	b.set("a", 13)
	b.expect("a=13")
	b.at(time.Hour)
	b.expect("")
	b.set("a", 14)
	b.expect("a=14")
	b.at(2 * time.Hour)
	b.expect("a=14")
}

func TestFlushSendsWhatWaits(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.PerSec, cfg.Burst, cfg.Renew = 1, 1, time.Minute
	b := newBench(t, cfg)
	b.set("a", 1)
	b.set("b", 1)
	b.expect("a=1")
	b.at(time.Second)
	b.set("a", 2)
	b.set("c", 3)
	items := b.th.Flush(b.now)
	if got := spell(items); got != "b=1 a=2 c=3" {
		t.Errorf("flushed %q", got)
	}
	b.th.Failed(b.now, items)
	if got := spell(b.th.Flush(b.now)); got != "b=1 a=2 c=3" {
		t.Errorf("flushed %q after a failure", got)
	}
}
