package throttle

import (
	"cmp"
	"time"
)

// word is what can be said about a key: a value, or that it is gone.
type word[V any] struct {
	value V
	gone  bool
}

// entry is one key. It is in the waiting queue, in the ready queue, on its way
// (flying), or at rest because there is nothing to say and nothing to renew.
type entry[K cmp.Ordered, V any] struct {
	key    K
	phase  float64 // share of the Renew cycle at which it renews
	wanted word[V] // the newest
	told   word[V] // the last one published, or on its way
	// certain: the bus holds told. False before the first publish and after one
	// that failed, when the bus may hold the value before or the one we sent.
	certain bool
	ever    bool // something was published, or may have been
	pending bool // wanted has yet to be told
	flying  bool

	since      time.Time // when the oldest untold change came; for a renewal, its moment
	flownSince time.Time // since, of the word that last left
	sentAt     time.Time // when it last left
	notBefore  time.Time // earliest retry

	at    time.Time    // when it may leave
	queue *queue[K, V] // the queue it is in, nil for none
	index int          // in that queue
	rank  time.Time    // its place in that queue
}

// golden spreads any number of keys evenly over a cycle, without knowing how
// many there will be (the golden ratio's additive sequence).
const golden = 0.6180339887498949

func (t *Throttle[K, V]) newEntry(key K) *entry[K, V] {
	t.phase += golden
	if t.phase >= 1 {
		t.phase--
	}
	en := &entry[K, V]{key: key, phase: t.phase}
	t.entries[key] = en
	return en
}

// want takes the newest word for a key and reports whether it has to be told.
func (t *Throttle[K, V]) want(now time.Time, en *entry[K, V], w word[V]) bool {
	en.wanted = w
	was := en.pending
	en.pending = t.differs(en)
	if en.pending && !was {
		en.since = now
	}
	t.schedule(en)
	return en.pending
}

// differs reports whether what is wanted has yet to be told. A value on its way
// counts as told until it is reported lost.
func (t *Throttle[K, V]) differs(en *entry[K, V]) bool {
	switch {
	case !en.certain && !en.flying:
		return true
	case en.wanted.gone || en.told.gone:
		return en.wanted.gone != en.told.gone
	default:
		return !t.cfg.Same(en.told.value, en.wanted.value)
	}
}

// schedule puts the entry where it belongs after any change.
func (t *Throttle[K, V]) schedule(en *entry[K, V]) {
	switch {
	case en.flying:
		return // until it has landed
	case en.pending:
		en.at = later(t.opens(en), en.notBefore)
		t.waiting.push(en, en.at)
	case t.renewable(en):
		en.at = slot(en.sentAt, t.cfg.Renew, en.phase)
		en.since = en.at
		t.waiting.push(en, en.at)
	default:
		en.leaveQueue()
	}
}

// opens is when the key's window lets the wanted word through. There is none
// before the first publish, nor after one that failed: Retry is the wait then.
func (t *Throttle[K, V]) opens(en *entry[K, V]) time.Time {
	if !en.certain || en.wanted.gone || en.told.gone {
		return en.since
	}
	return later(en.since, en.sentAt.Add(t.cfg.Window(en.told.value, en.wanted.value)))
}

func (t *Throttle[K, V]) renewable(en *entry[K, V]) bool {
	return t.cfg.Renew > 0 && !en.wanted.gone && (t.cfg.Renewable == nil || t.cfg.Renewable(en.wanted.value))
}

// slot is the first moment after sentAt at which a key of that phase renews.
// Slots are fixed points of an endless cycle, so that renewals stay spread
// evenly also after everything was published at once.
func slot(sentAt time.Time, cycle time.Duration, phase float64) time.Time {
	offset := time.Duration(phase * float64(cycle))
	start := sentAt.Truncate(cycle).Add(offset)
	if !start.After(sentAt) {
		start = start.Add(cycle)
	}
	return start
}

// takeOff sends the wanted word on its way.
func (t *Throttle[K, V]) takeOff(now time.Time, en *entry[K, V]) Item[K, V] {
	en.leaveQueue()
	en.told, en.sentAt, en.flownSince = en.wanted, now, en.since
	en.flying, en.ever, en.pending = true, true, false
	return Item[K, V]{Key: en.key, Value: en.told.value, Gone: en.told.gone}
}

func (t *Throttle[K, V]) landed(en *entry[K, V]) {
	en.flying, en.certain, en.notBefore = false, true, time.Time{}
	if en.told.gone && en.wanted.gone {
		t.forget(en)
		return
	}
	t.schedule(en)
}

// lost makes the entry wait for a retry. It keeps the age of its change, so
// that after an outage the oldest goes first.
func (t *Throttle[K, V]) lost(now time.Time, en *entry[K, V]) {
	en.flying, en.certain, en.pending = false, false, true
	en.since = en.flownSince
	en.notBefore = now.Add(t.cfg.Retry)
	t.schedule(en)
}

func (t *Throttle[K, V]) forget(en *entry[K, V]) {
	en.leaveQueue()
	delete(t.entries, en.key)
}
