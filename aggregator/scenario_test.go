package aggregator_test

import (
	"fmt"
	"slices"
	"time"

	"presence/spaces"
	"presence/synthetic"
)

// step does one thing at random and says what.
func (o *oracle) step() string {
	acts := []func() string{
		o.people1, o.people1, o.people1, o.people1, o.people1, o.people1, o.burst, o.burst,
		o.editLinks, o.editLinks, o.outage, o.restart, o.crash, o.faults, o.faults, o.sqlAway, o.natsAway,
		o.endSession, o.forget, o.expel, o.serverRestart, o.upgrade, o.smallTimeline, o.crowd,
	}
	return pick(o, acts)()
}

// people1 is one thing one person does.
func (o *oracle) people1() string {
	hs, user, room := o.w.hs, pick(o, o.people), pick(o, o.rooms)
	in := slices.Contains(hs.Members(room), user)
	switch o.rng.IntN(9) {
	case 0, 1, 2:
		presence := pick(o, []string{"online", "online", "unavailable", "offline", "offline", "busy"})
		if presence == "offline" {
			o.hush(user)
		}
		hs.SetPresence(user, presence)
		return fmt.Sprintf("%s is %s", user, presence)
	case 3, 4:
		if !in {
			hs.Join(user, room)
			return fmt.Sprintf("%s joins %s", user, room)
		}
		hs.Leave(user, room)
		return fmt.Sprintf("%s leaves %s", user, room)
	case 5:
		if in {
			hs.Kick(user, room)
		}
		return fmt.Sprintf("%s is kicked from %s: %v", user, room, in)
	case 6, 7:
		if !in || hs.Presence(user) == "offline" {
			return "nothing"
		}
		d := time.Duration(o.rng.IntN(40)) * time.Second
		hs.Type(user, room, d)
		return fmt.Sprintf("%s types in %s for %s", user, room, d)
	default:
		if in {
			hs.SendMessage(user, room)
			hs.MarkRead(user, room)
		}
		return fmt.Sprintf("%s says something in %s: %v", user, room, in)
	}
}

// hush ends a person's typing everywhere, as their client does on its way out.
func (o *oracle) hush(user string) {
	for _, room := range o.rooms {
		o.w.hs.Type(user, room, 0)
	}
}

// burst is many things in little time.
func (o *oracle) burst() string {
	said := "burst:"
	for range 2 + o.rng.IntN(25) {
		said += " " + o.people1() + ";"
		o.pause(2 * time.Second)
	}
	return said
}

// crowd is everybody changing at one moment, which is one response.
func (o *oracle) crowd() string {
	presence := pick(o, []string{"online", "unavailable", "busy"})
	for _, user := range o.people {
		o.w.hs.SetPresence(user, presence)
	}
	return "everybody is " + presence
}

// pause lets up to d pass.
func (o *oracle) pause(d time.Duration) {
	time.Sleep(time.Duration(o.rng.Int64N(int64(d))))
}

func (o *oracle) editLinks() string {
	links := o.w.sql.list()
	o.quiet = storm // a room may have to be joined
	switch kind := o.rng.IntN(5); {
	case kind == 0 || len(links) == 0:
		o.serial++
		room := o.w.link(spaces.Slug(fmt.Sprintf("new%d", o.serial)), o.rng.IntN(2) == 0)
		o.rooms = append(o.rooms, room)
		return "a new room is linked: " + room
	case kind == 1:
		link := pick(o, links)
		o.w.sql.unlink(link.Slug)
		return fmt.Sprintf("unlinked: %s", link.Slug)
	case kind == 2:
		link := pick(o, links)
		link.Public = !link.Public
		o.w.sql.link(link)
		return fmt.Sprintf("%s: public %v", link.Slug, link.Public)
	case kind == 3:
		link := pick(o, links)
		o.w.sql.unlink(link.Slug)
		o.serial++
		link.Slug = spaces.Slug(fmt.Sprintf("renamed%d", o.serial))
		o.w.sql.link(link)
		return fmt.Sprintf("%s renamed to %s", link.RoomID, link.Slug)
	default:
		room := pick(o, o.rooms)
		for _, link := range links {
			if link.RoomID == room || o.dead[room] {
				return "nothing"
			}
		}
		o.serial++
		slug := spaces.Slug(fmt.Sprintf("again%d", o.serial))
		o.w.sql.link(spaces.Link{Slug: slug, RoomID: room, Public: true, Zone: "north"})
		return fmt.Sprintf("%s linked as %s", room, slug)
	}
}

// gapped notes that typing lists were cleared and will not be sent again.
func (o *oracle) gapped() {
	for _, room := range o.rooms {
		o.blind[room] = true
	}
	o.quiet = storm
}

// outage: what happens while nobody looks shows afterwards, and nobody is
// counted out meanwhile.
func (o *oracle) outage() string {
	d := pick(o, []time.Duration{2 * time.Second, 20 * time.Second, time.Minute, 100 * time.Second, 6 * time.Minute, 70 * time.Minute})
	o.w.hs.SetDown(true)
	defer o.w.hs.SetDown(false)
	o.gapped()
	said := fmt.Sprintf("down for %s:", d)
	for end := time.Now().Add(d); time.Now().Before(end); {
		said += " " + o.people1() + ";"
		o.pause(d/3 + time.Second)
	}
	return said
}

// restart stops the daemon in good order. Dendrite does not say presence twice,
// so there it is let finish what it reads.
func (o *oracle) restart() string {
	said := o.people1()
	if o.quirks.SkipSentPresence {
		o.w.wait(time.Second)
	} else {
		o.pause(time.Second)
	}
	o.w.stop()
	o.gapped()
	return "before a restart: " + said + "; " + o.away()
}

// crash kills the daemon at any moment.
func (o *oracle) crash() string {
	said := o.people1()
	if o.quirks.SkipSentPresence {
		o.w.wait(20 * time.Second)
	} else {
		o.pause(5 * time.Second)
	}
	o.w.kill()
	o.gapped()
	return "before a crash: " + said + "; " + o.away()
}

func (o *oracle) away() string {
	said := "away:"
	for range o.rng.IntN(5) {
		act := pick(o, []func() string{o.people1, o.people1, o.people1, o.crowd, o.editLinks})
		said += " " + act() + ";"
		o.pause(pick(o, []time.Duration{time.Second, time.Minute, 20 * time.Minute}))
	}
	o.w.start()
	return said
}

func (o *oracle) faults() string {
	all := map[string]synthetic.Fault{
		"lost": {Lost: true}, "repeat": {Repeat: true}, "same token": {SameToken: true},
		"limit": synthetic.RateLimited(7*time.Second, false), "limit header": synthetic.RateLimited(7*time.Second, true),
		"html 502": synthetic.HTML(502), "html 200": synthetic.HTML(200), "500": synthetic.Refuse(500, "M_UNKNOWN"),
		"padding": {Padding: 1 << 20}, "slow": {Delay: 20 * time.Second},
	}
	names := []string{"lost", "repeat", "same token", "limit", "limit header", "html 502", "html 200", "500", "padding", "slow"}
	said := "faults:"
	o.gapped()
	for range 1 + o.rng.IntN(4) {
		name := pick(o, names)
		o.w.hs.Fail("sync", all[name])
		said += " " + name
	}
	for range 1 + o.rng.IntN(6) {
		said += "; " + o.people1()
		o.pause(20 * time.Second)
	}
	return said
}

func (o *oracle) sqlAway() string {
	o.w.sql.setAway(true)
	said := "sql away: " + o.burst()
	o.quiet = storm
	if o.rng.IntN(3) == 0 && !o.quirks.SkipSentPresence {
		o.w.kill()
		o.w.sql.setAway(false)
		o.gapped()
		return said + " and killed; " + o.away()
	}
	o.pause(2 * time.Minute)
	o.w.sql.setAway(false)
	return said
}

func (o *oracle) natsAway() string {
	o.w.nats.setAway(true)
	said := "nats away: " + o.burst()
	o.w.nats.setAway(false)
	return said
}

func (o *oracle) endSession() string {
	soft := o.rng.IntN(2) == 0
	o.w.hs.EndSessions(o.w.self, soft)
	o.gapped()
	return fmt.Sprintf("session ended, soft %v; %s", soft, o.people1())
}

// forget: where an unknown filter is silently none, nothing could be noticed;
// such a server keeps its filters with its sessions, and loses both.
func (o *oracle) forget() string {
	o.gapped()
	if o.rng.IntN(2) == 0 && !o.quirks.UnknownFilterIsNone {
		o.w.hs.ForgetFilters()
		return "filters forgotten; " + o.people1()
	}
	o.w.hs.ForgetTokens()
	return "tokens forgotten; " + o.people1()
}

// expel throws the daemon out of a room, for once or for good.
func (o *oracle) expel() string {
	room := pick(o, o.rooms)
	o.gapped()
	if o.rng.IntN(4) == 0 {
		o.w.hs.Ban(o.w.self, room)
		o.banned[room] = true
		return "the daemon is banned from " + room
	}
	if o.banned[room] {
		o.w.hs.Invite(o.w.self, room)
		delete(o.banned, room)
		return "the daemon is invited back to " + room
	}
	o.w.hs.Kick(o.w.self, room)
	return "the daemon is kicked from " + room
}

// serverRestart forgets typing without a word; ours ends by its cap.
func (o *oracle) serverRestart() string {
	o.w.hs.Restart()
	o.gapped()
	return "the homeserver restarts; " + o.people1()
}

// upgrade replaces a linked room; the daemon follows and moves the link.
func (o *oracle) upgrade() string {
	links := o.w.sql.list()
	if len(links) == 0 {
		return "nothing"
	}
	link := pick(o, links)
	if o.banned[link.RoomID] {
		return "nothing"
	}
	next := o.w.hs.CreateRoom("")
	for _, userID := range o.w.hs.Members(link.RoomID) {
		if userID != o.w.self && o.rng.IntN(2) == 0 {
			o.w.hs.Join(userID, next)
		}
	}
	o.rooms = append(o.rooms, next)
	o.w.hs.Tombstone(link.RoomID, next)
	o.dead[link.RoomID] = true
	o.gapped()
	return fmt.Sprintf("%s upgraded to %s", link.RoomID, next)
}

// smallTimeline makes every burst a gap, or ends that.
func (o *oracle) smallTimeline() string {
	limit := o.rng.IntN(3)
	o.w.hs.SetQuirks(func(q *synthetic.Quirks) { q.TimelineLimit = limit })
	return fmt.Sprintf("timelines of %d; %s", limit, o.burst())
}
