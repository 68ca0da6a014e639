package spaces

import (
	"slices"
	"strings"
)

// RoleAdmin may see and do everything in the city.
const RoleAdmin = "admin"

// Viewer is a proven identity that looks at the city. The zero Viewer is
// nobody in particular and sees public rooms.
type Viewer struct {
	Subject   string   // "guest:<id>", "hive:<account>", "matrix:@user:server", or a DAARION user's UUID; empty when nobody
	Name      string   // display name; may be empty
	Guest     bool     // unproven: looks like a guest everywhere
	Roles     []string // city-wide roles, RoleAdmin among them
	MicroDAOs []string // groups whose private rooms the viewer may see
	Login     string   // the login (sid) the credential belongs to; empty when it cannot be revoked
	Scopes    []string // what the credential was narrowed to, see Scope; empty: not narrowed
	Network   string   // where the request came from, as a pseudonym that is stable within the city, or LocalNetwork; empty: not known
}

// LocalNetwork is the network of clients that reach us from this machine
// itself. They may be anybody: a reverse proxy that nobody told us to trust
// makes all people look like that, and so does a load test.
const LocalNetwork = "local"

// CanSee reports whether the viewer may know that the linked room exists. It is
// the only rule for that question; snapshots, deltas and REST all ask it.
func (v Viewer) CanSee(l Link) bool {
	if l.Public {
		return true
	}
	if len(v.Scopes) > 0 && !v.scopedTo(l) {
		return false
	}
	return slices.Contains(v.Roles, RoleAdmin) || l.MicroDAO != "" && slices.Contains(v.MicroDAOs, l.MicroDAO)
}

// scopedTo reports whether a credential that was narrowed is good for the
// room's space or one of its subspaces.
func (v Viewer) scopedTo(l Link) bool {
	room := string(TypeCity) + ":" + string(l.Slug) + ":"
	return slices.ContainsFunc(v.Scopes, func(scope string) bool {
		_, space, _ := strings.Cut(scope, ":")
		return strings.HasPrefix(space, room)
	})
}

// GuestNetwork is where a guest comes from, and empty for everybody else: who
// proves who they are is bounded by that.
func (v Viewer) GuestNetwork() string {
	if !v.Guest {
		return ""
	}
	return v.Network
}
