package city

import "presence/spaces"

// Snapshot is the city as the viewer may see it now. Without a first word from
// the bus it is empty and not Initialized.
func (c *City) Snapshot(v spaces.Viewer) spaces.CityView {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.view(&v)
}

// view is Snapshot with mu held.
func (c *City) view(v *spaces.Viewer) spaces.CityView {
	t := &c.table
	view := spaces.CityView{
		Initialized: c.initialized, State: t.fresh.state, AsOf: t.fresh.asOf,
		City: t.totals(), Rooms: []spaces.RoomView{},
	}
	if t.fresh.status != nil {
		view.Status = *t.fresh.status
	}
	for _, it := range t.visible(v) {
		view.Rooms = append(view.Rooms, spaces.RoomView{Link: *it.link, Place: it.place, Presence: t.shown(it)})
	}
	return view
}

// shown is a room's numbers for a value that leaves the table.
func (t *table) shown(it *item) *spaces.RoomPresence {
	p := t.presence(it)
	if p == nil || !t.fresh.stale {
		return p
	}
	old := *p
	old.Stale = true
	return &old
}
