package door

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"time"

	"presence/gateway/hub"
	"presence/gateway/wire"
	"presence/spaces"
)

// visitor is one client of a door: who it is and where it stands. member belongs
// to the sequence of the client's messages; the rest is fixed before the first
// of them.
type visitor struct {
	doors   *Doors
	viewer  spaces.Viewer
	expires time.Time // zero: never
	id      string    // of its sessions
	nsfw    bool      // the address says that such content is wanted
	conn    hub.Conn

	member *hub.Member // nil: in no space
}

// visitor proves who comes.
func (d *Doors) visitor(ctx context.Context, r *http.Request, auth json.RawMessage) (*visitor, error) {
	viewer, expires, err := d.cfg.Identity.FromHandshake(ctx, r, auth)
	if err != nil {
		return nil, err
	}
	return &visitor{
		doors: d, viewer: viewer, expires: expires, id: rand.Text(),
		nsfw: r.URL.Query().Get("nsfw") == "true",
	}, nil
}

// enter brings the visitor into a space, out of any other.
func (v *visitor) enter(ctx context.Context, a hub.Arrival) error {
	viewer, ok := v.current()
	if !ok {
		return revoked()
	}
	a.Viewer, a.ID, a.Conn, a.NSFW = viewer, v.id, v.conn, a.NSFW || v.nsfw
	member, err := v.doors.cfg.Hub.Enter(ctx, a)
	if err != nil {
		return err
	}
	v.disown()
	v.member = member
	return nil
}

// disown gives up the entities of the stay that ends.
func (v *visitor) disown() {
	if v.member != nil {
		v.doors.entities.forget(v.member.Key(), v.id)
	}
}

// leave ends the stay, if there is one.
func (v *visitor) leave(ctx context.Context) error {
	v.disown()
	member := v.member
	v.member = nil
	if member == nil {
		return nil
	}
	return member.Leave(ctx)
}

// left ends the stay of a client that is no longer there. After a connection
// that broke, its seat waits a moment for the person to come back.
func (v *visitor) left(ctx context.Context, broken bool) {
	v.disown()
	if v.member == nil {
		return
	}
	end := v.member.Leave
	if broken {
		end = v.member.Lose
	}
	if err := end(ctx); err != nil {
		v.doors.cfg.Log.WarnContext(ctx, "a stay did not end in order; its session expires by itself", "error", err)
	}
}

// inside returns the member the visitor is, or why it is none: it may have been
// sent away since.
func (v *visitor) inside() (*hub.Member, error) {
	if v.member != nil {
		select {
		case <-v.member.Gone():
		default:
			return v.member, nil
		}
	}
	return nil, &spaces.Error{Code: spaces.CodeConflict, Message: "you are in no space", Fix: "Join one first"}
}

// current is the viewer with the rights of this moment. A revoked login ends
// the client.
func (v *visitor) current() (spaces.Viewer, bool) {
	viewer, ok := v.doors.cfg.Identity.Current(v.viewer)
	if !ok {
		v.conn.Close(wire.CloseRevoked)
	}
	return viewer, ok
}

// over ends a client whose right to be connected has ended.
func (v *visitor) over(now time.Time) {
	if !v.expires.IsZero() && now.After(v.expires) {
		v.conn.Close(wire.CloseExpired)
		return
	}
	v.current()
}

func revoked() error {
	return &spaces.Error{Code: spaces.CodeUnauthenticated, Message: "this login was ended", Fix: "Sign in again"}
}

// watch looks every second for visitors of Socket.IO whose right has ended.
func (d *Doors) watch(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var all []*visitor
	for {
		select {
		case <-tick.C:
			all = d.everybody(all[:0])
			for _, v := range all {
				v.over(d.cfg.Now())
			}
		case <-ctx.Done():
			return
		}
	}
}

func (d *Doors) everybody(into []*visitor) []*visitor {
	d.mu.Lock()
	defer d.mu.Unlock()
	for v := range d.visitors {
		into = append(into, v)
	}
	return into
}

// pace allows so many acts in every period.
type pace struct {
	most  int
	every time.Duration

	began time.Time
	count int
}

func (p *pace) allow(now time.Time) bool {
	if now.Sub(p.began) >= p.every {
		p.began, p.count = now, 0
	}
	p.count++
	return p.count <= p.most
}
