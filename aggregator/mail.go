package aggregator

import (
	"context"
	"time"

	"presence/aggregator/throttle"
	"presence/spaces"
)

// mail is one publishing: what left the outbox together. Links come before the
// rooms they place, and the status after everything it vouches for.
type mail struct {
	links  []spaces.Link
	gone   []spaces.Slug
	rooms  []throttle.Item[spaces.Slug, spaces.RoomPresence]
	totals []throttle.Item[string, spaces.CityPresence]
	users  []throttle.Item[string, spaces.UserPresence]
	status *spaces.Status
}

func (m *mail) size() int {
	n := len(m.links) + len(m.gone) + len(m.rooms) + len(m.totals) + len(m.users)
	if m.status != nil {
		n++
	}
	return n
}

// startPublish sends what may leave. One mail at a time keeps values of one
// room from overtaking each other.
func (t *term) startPublish(ctx context.Context, now time.Time) {
	o := t.out
	if o.busy {
		return
	}
	m := mail{
		rooms: o.rooms.Due(now), totals: o.totals.Due(now), users: o.users.Due(now), status: t.pulse.status,
	}
	if !o.linksDue.After(now) {
		m.links, m.gone = o.takeLinks()
	}
	t.send(ctx, m)
}

func (t *term) send(ctx context.Context, m mail) {
	if m.size() == 0 {
		return
	}
	o := t.out
	o.busy, o.sending = true, m
	t.pulse.status = nil
	o.stamp(&m, t.sight.asOf)
	t.do(ctx, func(ctx context.Context) func(time.Time) {
		err := t.deliver(ctx, m)
		return func(now time.Time) { t.delivered(now, err) }
	})
}

func (o *outbox) takeLinks() (links []spaces.Link, gone []spaces.Slug) {
	for slug, link := range o.links {
		if link == nil {
			gone = append(gone, slug)
		} else {
			links = append(links, *link)
		}
	}
	clear(o.links)
	return links, gone
}

// stamp puts epoch and version on the values. A live value is confirmed as of
// the last response, also when it has not changed for long.
func (o *outbox) stamp(m *mail, asOf time.Time) {
	for i := range m.rooms {
		v := &m.rooms[i].Value
		o.version++
		v.Epoch, v.Version = o.epoch, o.version
		if !v.Stale {
			v.AsOf = max(v.AsOf, asOf.UnixMilli())
		}
	}
	for i := range m.totals {
		v := &m.totals[i].Value
		o.version++
		v.Epoch, v.Version = o.epoch, o.version
		if !v.Stale {
			v.AsOf = max(v.AsOf, asOf.UnixMilli())
		}
	}
	for i := range m.users {
		m.users[i].Value.Epoch = o.epoch
	}
}

// deliver publishes in order and stops at the first failure: a bus that does
// not take one message does not take the next.
func (t *term) deliver(ctx context.Context, m mail) error {
	if len(m.links) > 0 {
		if err := t.bus.PutLinks(ctx, m.links); err != nil {
			return err
		}
	}
	for _, slug := range m.gone {
		if err := t.bus.DropLink(ctx, slug); err != nil {
			return err
		}
	}
	if err := publish(ctx, m.rooms, t.bus.PutRooms, t.bus.DropRoom); err != nil {
		return err
	}
	for _, item := range m.totals {
		if err := t.bus.PutCity(ctx, item.Value); err != nil {
			return err
		}
	}
	if err := publish(ctx, m.users, t.bus.PutUsers, t.bus.DropUser); err != nil {
		return err
	}
	if m.status != nil {
		return t.bus.PutStatus(ctx, *m.status)
	}
	return nil
}

// publish puts what has a value and drops what has none.
func publish[K ~string, V any](ctx context.Context, items []throttle.Item[K, V],
	put func(context.Context, []V) error, drop func(context.Context, K) error,
) error {
	values := make([]V, 0, len(items))
	for _, item := range items {
		if !item.Gone {
			values = append(values, item.Value)
			continue
		}
		if err := drop(ctx, item.Key); err != nil {
			return err
		}
	}
	if len(values) == 0 {
		return nil
	}
	return put(ctx, values)
}

func (t *term) delivered(now time.Time, err error) {
	o := t.out
	m := o.sending
	o.busy, o.sending = false, mail{}
	if err != nil {
		o.failed(now, m)
		t.metrics.publishErrors.Inc()
		if !o.failing {
			t.log.Warn("publishing fails; the newest values are kept and sent again", "error", err)
		}
		o.failing = true
		return
	}
	if o.failing {
		t.log.Info("publishing works again")
	}
	o.failing = false
	o.rooms.Sent(m.rooms)
	o.totals.Sent(m.totals)
	o.users.Sent(m.users)
	for _, link := range m.links {
		o.told[link.Slug] = link
	}
	for _, slug := range m.gone {
		delete(o.told, slug)
	}
	t.metrics.published.Add(float64(m.size()))
}

// failed puts a mail back, except for what newer links have replaced.
func (o *outbox) failed(now time.Time, m mail) {
	o.rooms.Failed(now, m.rooms)
	o.totals.Failed(now, m.totals)
	o.users.Failed(now, m.users)
	o.linksDue = now.Add(throttle.DefaultRetry)
	for _, link := range m.links {
		delete(o.told, link.Slug) // it may have arrived
		if _, newer := o.links[link.Slug]; !newer {
			o.links[link.Slug] = &link
		}
	}
	for _, slug := range m.gone {
		if _, newer := o.links[slug]; !newer {
			o.links[slug] = nil
		}
	}
}

// lastWords publishes every change that waits, whatever its window says.
func (t *term) lastWords(ctx context.Context, now time.Time) {
	o := t.out
	if o.busy {
		o.failed(now, o.sending) // nobody heard how it ended
	}
	t.collect(now)
	m := mail{rooms: o.rooms.Flush(now), totals: o.totals.Flush(now), users: o.users.Flush(now)}
	m.links, m.gone = o.takeLinks()
	if m.size() == 0 {
		return
	}
	o.stamp(&m, t.sight.asOf)
	if err := t.deliver(ctx, m); err != nil {
		t.log.Info("the last values were not published", "error", err, "values", m.size())
	}
}
