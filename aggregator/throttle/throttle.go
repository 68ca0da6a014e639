package throttle

import (
	"cmp"
	"slices"
	"time"
)

// Config is how a [Throttle] judges values of type V. It is read once, by New.
type Config[V any] struct {
	// Same reports whether publishing b over a would tell nobody anything.
	Same func(a, b V) bool
	// Window is the least time between publishing a and then b for one key. A
	// change that matters more may have a shorter one.
	Window func(a, b V) time.Duration
	// Renewable reports whether a value's lifetime is to be renewed; nil means
	// always. A stale value is not, so that it becomes unknown in the end.
	Renewable func(V) bool

	Renew  time.Duration // how often each unchanged value is published again; 0 means never
	Retry  time.Duration // wait after a publish that failed; 0 means [DefaultRetry]
	PerSec int           // messages per second over all keys; 0 means no limit
	Burst  int           // messages that may leave at once after a quiet time; 0 means PerSec
}

// DefaultRetry is the wait after a failed publish.
const DefaultRetry = time.Second

// Item is one thing to publish.
type Item[K cmp.Ordered, V any] struct {
	Key   K
	Value V
	Gone  bool // the key is to be taken off the bus; Value is the zero value
}

// Throttle holds the newest value of every key until it may be published. It
// belongs to one goroutine.
type Throttle[K cmp.Ordered, V any] struct {
	cfg     Config[V]
	entries map[K]*entry[K, V]
	waiting queue[K, V] // by the moment they may leave, the earliest first
	ready   queue[K, V] // that moment has come: by age of the change, the oldest first
	budget  budget
	phase   float64 // share of the Renew cycle at which the newest key renews
}

// New returns a throttle that has published nothing.
func New[K cmp.Ordered, V any](cfg Config[V]) *Throttle[K, V] {
	cfg.Retry = cmp.Or(cfg.Retry, DefaultRetry)
	return &Throttle[K, V]{
		cfg:     cfg,
		entries: map[K]*entry[K, V]{},
		budget:  newBudget(cfg.PerSec, cmp.Or(cfg.Burst, cfg.PerSec)),
	}
}

// Set gives the newest value of a key. It reports whether there is now
// something to tell; false means the value equals the one last published.
func (t *Throttle[K, V]) Set(now time.Time, key K, value V) bool {
	en := t.entries[key]
	if en == nil {
		en = t.newEntry(key)
	}
	return t.want(now, en, word[V]{value: value})
}

// Drop says that a key has no value any more; that is told at once, within the
// budget. A key that was never published is forgotten without a word.
func (t *Throttle[K, V]) Drop(now time.Time, key K) bool {
	en := t.entries[key]
	if en == nil {
		return false
	}
	if !en.ever {
		t.forget(en)
		return false
	}
	return t.want(now, en, word[V]{gone: true})
}

// Adopt says that a value is on the bus already, published by somebody before
// us, so that it is compared with, renewed and, if need be, dropped. A key that
// has a value is left alone.
func (t *Throttle[K, V]) Adopt(now time.Time, key K, value V) {
	if t.entries[key] != nil {
		return
	}
	en := t.newEntry(key)
	en.told, en.wanted = word[V]{value: value}, word[V]{value: value}
	en.certain, en.ever, en.sentAt = true, true, now
	t.schedule(en)
}

// Due returns what is to be published now, the oldest change first, as far as
// the budget goes. Each item is on its way until Sent or Failed names it.
func (t *Throttle[K, V]) Due(now time.Time) []Item[K, V] {
	for en := t.waiting.first(); en != nil && !en.at.After(now); en = t.waiting.first() {
		t.ready.push(en, en.since)
	}
	var items []Item[K, V]
	for en := t.ready.first(); en != nil && t.budget.take(now); en = t.ready.first() {
		items = append(items, t.takeOff(now, en))
	}
	return items
}

// Next says when Due next has something, false when nothing waits.
func (t *Throttle[K, V]) Next() (time.Time, bool) {
	if t.ready.first() != nil {
		return t.budget.free, true
	}
	if en := t.waiting.first(); en != nil {
		return later(en.at, t.budget.free), true
	}
	return time.Time{}, false
}

// Flush returns every change that waits, whatever window and budget say: the
// last words before a shutdown. Report items that are on their way first.
func (t *Throttle[K, V]) Flush(now time.Time) []Item[K, V] {
	var waiting []*entry[K, V]
	for _, en := range t.entries {
		if en.pending && !en.flying {
			waiting = append(waiting, en)
		}
	}
	slices.SortFunc(waiting, older)
	items := make([]Item[K, V], 0, len(waiting))
	for _, en := range waiting {
		items = append(items, t.takeOff(now, en))
	}
	return items
}

// Sent says that items of Due or Flush arrived.
func (t *Throttle[K, V]) Sent(items []Item[K, V]) {
	for i := range items {
		if en := t.entries[items[i].Key]; en != nil && en.flying {
			t.landed(en)
		}
	}
}

// Failed says that items of Due or Flush may not have arrived. They are sent
// again, or the newer value that came meanwhile, no sooner than after Retry.
func (t *Throttle[K, V]) Failed(now time.Time, items []Item[K, V]) {
	for i := range items {
		if en := t.entries[items[i].Key]; en != nil && en.flying {
			t.lost(now, en)
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
