package access

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"presence/spaces"
	"presence/spaces/store"
)

// Store is where the facts are kept.
type Store interface {
	Content(ctx context.Context, key spaces.Key) (spaces.Space, bool, error)
	Settings(ctx context.Context, key spaces.Key) (spaces.Settings, error)
	Rights(ctx context.Context, key spaces.Key, subject string, now time.Time) (store.Rights, error)
	NewcomersBanned(ctx context.Context, key spaces.Key, subject, network string, now time.Time) (time.Time, error)
	NoteGuest(ctx context.Context, subject, network string, now time.Time) error
	LinksVersion(ctx context.Context) (int64, error)
	Links(ctx context.Context) ([]spaces.Link, error)
	List(ctx context.Context, q store.ListQuery) ([]store.Listed, error)

	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	Audit(ctx context.Context, a store.AuditRow) error
	PutSettings(ctx context.Context, key spaces.Key, set spaces.Settings, by string, now time.Time) error
	AddSubspace(ctx context.Context, key spaces.Key, title, by string, now time.Time) error
	PutGrant(ctx context.Context, g store.Grant) error
	RemoveGrant(ctx context.Context, key spaces.Key, subject string) error
	PutBan(ctx context.Context, b store.Ban) error
	BanNetwork(ctx context.Context, b store.Ban) (newcomers time.Time, err error)
	RemoveBan(ctx context.Context, key spaces.Key, subject string) error
}

// Kicker ends live clients, on every gateway.
type Kicker interface {
	// Kick ends the sessions of a subject in a content and all its subspaces;
	// key is the canonical one of the content. The reason is shown to them.
	Kick(ctx context.Context, key spaces.Key, subject, reason string) error
}

// Powers asks the homeserver for the power levels in a room: of the users named
// there, and of all others. An error means that nothing is known now.
type Powers interface {
	PowerLevels(ctx context.Context, roomID string) (users map[string]int, others int, err error)
}

// Config is what an [Access] is built from.
type Config struct {
	Store  Store
	Powers Powers // nil: Matrix power levels give no roles
	Kicker Kicker
	// Admin reports whether a subject is an admin of the whole city. Nil: nobody
	// is known to be.
	Admin func(subject string) bool
	Now   func() time.Time
	Log   *slog.Logger
}

const (
	// contentTTL and rightsTTL are how long a change made elsewhere may go
	// unnoticed.
	contentTTL = 3 * time.Second
	rightsTTL  = 3 * time.Second
	// powersTTL is longer: each miss is a request to the homeserver.
	powersTTL = 30 * time.Second
	// guestTTL is how often the store is told that a guest is still here.
	guestTTL = time.Hour
	// powersWait bounds how long a homeserver that hangs delays a join.
	powersWait = 3 * time.Second

	maxContents = 2_000
	maxRights   = 20_000
)

// Access answers who may do what where. It is safe for concurrent use; the
// tables inside have their own mutexes.
type Access struct {
	store  Store
	powers Powers
	kicker Kicker
	admin  func(subject string) bool
	now    func() time.Time
	log    *slog.Logger

	contents *memory[spaces.Key, content]
	rights   *memory[holder, rights]
	guests   *memory[holder, struct{}] // who was noted in the store; without a key
	levels   *memory[string, levels]   // by Matrix room
	links    linkTable
}

// content is what a key stands for; a key that stands for nothing is
// remembered as well.
type content struct {
	space spaces.Space
	found bool
}

type holder struct {
	key     spaces.Key
	subject string
	network string // of a guest
}

// rights is what the store says about a holder.
type rights struct {
	store.Rights

	newcomers time.Time // as in [spaces.Standing]
}

// levels are the power levels of a Matrix room.
type levels struct {
	users  map[string]int
	others int
}

func (l levels) of(user string) int {
	if level, named := l.users[user]; named {
		return level
	}
	return l.others
}

// New builds an Access.
func New(cfg Config) *Access {
	a := &Access{
		store: cfg.Store, powers: cfg.Powers, kicker: cfg.Kicker, admin: cfg.Admin, now: cfg.Now, log: cfg.Log,
		contents: newMemory[spaces.Key, content](maxContents, contentTTL),
		rights:   newMemory[holder, rights](maxRights, rightsTTL),
		guests:   newMemory[holder, struct{}](maxRights, guestTTL),
		levels:   newMemory[string, levels](maxContents, powersTTL),
	}
	a.links.store = cfg.Store
	return a
}

// Check says whether the viewer may do the action in the space, and if not,
// why: the error is that of [spaces.Decide]. The Standing is complete also when
// the answer is no, except when the space is unknown to the viewer; its Space
// carries the canonical key, which is the one to use from there on.
func (a *Access) Check(ctx context.Context, v spaces.Viewer, key spaces.Key, action spaces.Action, nsfw bool) (spaces.Standing, error) {
	space, err := a.Space(ctx, key)
	if err != nil {
		return spaces.Standing{}, err
	}
	standing := spaces.Standing{Viewer: v, Space: space, NSFWShown: nsfw, Now: a.now()}
	if err := a.place(ctx, &standing); err != nil {
		return spaces.Standing{}, err
	}
	err = spaces.Decide(standing, action)
	if spaces.ErrorCode(err) == spaces.CodeNotFound {
		return spaces.Standing{}, err
	}
	if err == nil && (action == spaces.ActEnter || action == spaces.ActWrite) {
		err = a.note(ctx, v, standing.Now)
	}
	return standing, err
}

// note remembers where a guest came from who is let in, in case of a ban.
func (a *Access) note(ctx context.Context, v spaces.Viewer, now time.Time) error {
	network := v.GuestNetwork()
	if network == "" {
		return nil
	}
	_, err := a.guests.get(now, holder{subject: v.Subject, network: network}, func() (struct{}, error) {
		return struct{}{}, a.store.NoteGuest(ctx, v.Subject, network, now)
	})
	return err
}

// Space returns what a key stands for, whoever asks; [spaces.NoSpace] when it
// stands for nothing. Its key is the canonical one: a document that is also
// known by name is one space under its number.
func (a *Access) Space(ctx context.Context, key spaces.Key) (spaces.Space, error) {
	parent := key.Parent()
	known, err := a.contents.get(a.now(), parent, func() (content, error) { return a.content(ctx, parent) })
	if err != nil {
		return spaces.Space{}, err
	}
	if !known.found {
		return spaces.Space{}, spaces.NoSpace()
	}
	space := known.space
	space.Key.Subspace = key.Subspace
	return space, nil
}

// List returns a page of the spaces that the viewer may know: q.Rooms, q.Subject
// and q.Now are filled here.
func (a *Access) List(ctx context.Context, v spaces.Viewer, q store.ListQuery) ([]store.Listed, error) {
	all, err := a.links.all(ctx, a.now())
	if err != nil {
		return nil, err
	}
	lobby := spaces.Key{Type: spaces.TypeGlobal, ID: spaces.Lobby, Subspace: spaces.MainSubspace}
	q.Rooms = []spaces.Space{Lobby(lobby, spaces.DefaultSettings(spaces.TypeGlobal))}
	for _, l := range all {
		if v.CanSee(l) {
			q.Rooms = append(q.Rooms, roomOf(l, spaces.DefaultSettings(spaces.TypeCity)))
		}
	}
	q.Now = a.now()
	if !v.Guest {
		q.Subject = v.Subject
	}
	return a.store.List(ctx, q)
}

// Audit keeps one privileged act; the time is set here. Its loss would hide an
// act, so the caller must fail with it.
func (a *Access) Audit(ctx context.Context, row store.AuditRow) error {
	row.At = a.now()
	row.Key = row.Key.Parent()
	return a.store.Audit(ctx, row)
}

// Forget makes the next question about a content look anew, after a change of
// its settings, roles or bans.
func (a *Access) Forget(key spaces.Key) {
	parent := key.Parent()
	a.contents.drop(func(k spaces.Key, c content) bool { return k == parent || c.space.Key == parent })
	a.rights.drop(func(h holder, _ rights) bool { return h.key == parent })
}

func (a *Access) content(ctx context.Context, key spaces.Key) (content, error) {
	switch key.Type {
	case spaces.TypePost, spaces.TypeDocument:
		space, found, err := a.store.Content(ctx, key)
		return content{space, found}, err
	case spaces.TypeGlobal:
		set, err := a.store.Settings(ctx, key)
		return content{Lobby(key, set), true}, err
	case spaces.TypeCity:
		return a.room(ctx, key)
	}
	return content{}, nil
}

// Lobby is the one space that is nobody's.
func Lobby(key spaces.Key, set spaces.Settings) spaces.Space {
	return spaces.Space{
		Key: key, Kind: spaces.KindLobby, Title: "Lobby", Description: "The place where everybody meets", Public: true, Settings: set,
	}
}

func (a *Access) room(ctx context.Context, key spaces.Key) (content, error) {
	all, err := a.links.all(ctx, a.now())
	if err != nil {
		return content{}, err
	}
	i, found := slices.BinarySearchFunc(all, key.ID, func(l spaces.Link, slug string) int { return cmp.Compare(string(l.Slug), slug) })
	if !found {
		return content{}, nil
	}
	set, err := a.store.Settings(ctx, key)
	return content{roomOf(all[i], set), true}, err
}

func roomOf(l spaces.Link, set spaces.Settings) spaces.Space {
	return spaces.Space{
		Key:  spaces.Key{Type: spaces.TypeCity, ID: string(l.Slug), Subspace: spaces.MainSubspace},
		Kind: spaces.KindCity, Title: l.Name, Description: l.Description, Public: l.Public, Link: &l, Settings: set,
	}
}

// place finds out what the viewer is in the space.
func (a *Access) place(ctx context.Context, s *spaces.Standing) error {
	v, key := s.Viewer, s.Space.Key.Parent()
	if v.Subject == "" {
		return nil
	}
	who := holder{key, v.Subject, v.GuestNetwork()}
	held, err := a.rights.get(s.Now, who, func() (rights, error) { return a.askRights(ctx, who, s.Now) })
	if err != nil {
		return err
	}
	s.Ban, s.Newcomers = held.Ban, held.newcomers
	if v.Guest { // proves nothing, so holds nothing
		return nil
	}
	s.Role = strongest(held.Granted, shared(held.Permission))
	if s.Space.Owner == v.Subject {
		s.Role = spaces.SpaceAdmin
	}
	if s.Role != spaces.SpaceAdmin {
		s.Role = strongest(s.Role, a.power(ctx, s))
	}
	return nil
}

func (a *Access) askRights(ctx context.Context, who holder, now time.Time) (r rights, err error) {
	if r.Rights, err = a.store.Rights(ctx, who.key, who.subject, now); err != nil || who.network == "" {
		return r, err
	}
	r.newcomers, err = a.store.NewcomersBanned(ctx, who.key, who.subject, who.network, now)
	return r, err
}

// shared is the role of somebody a document is shared with.
func shared(permission string) spaces.Role {
	switch permission {
	case "":
		return ""
	case "admin":
		return spaces.SpaceAdmin
	default:
		return spaces.SpaceSubscriber
	}
}

// power is the role that the Matrix power level of a linked room gives.
func (a *Access) power(ctx context.Context, s *spaces.Standing) spaces.Role {
	user, isMatrix := strings.CutPrefix(s.Viewer.Subject, "matrix:")
	if !isMatrix || a.powers == nil || s.Space.Link == nil || s.Space.Link.RoomID == "" {
		return ""
	}
	room := s.Space.Link.RoomID
	known, err := a.levels.get(s.Now, room, func() (levels, error) { return a.askLevels(ctx, room) })
	level := known.of(user)
	switch {
	case err != nil || level < 50:
		return ""
	case level >= 100:
		return spaces.SpaceAdmin
	default:
		return spaces.SpaceModerator
	}
}

func (a *Access) askLevels(ctx context.Context, room string) (levels, error) {
	limited, cancel := context.WithTimeout(ctx, powersWait)
	defer cancel()
	users, others, err := a.powers.PowerLevels(limited, room)
	if err != nil && ctx.Err() == nil {
		a.log.WarnContext(ctx, "no power levels from the homeserver; Matrix gives no role for now", "room", room, "error", err)
		return levels{}, nil // remembered, so that a homeserver that is away is not asked by every message
	}
	return levels{users, others}, err
}

// strongest of two roles, either of which may be empty.
func strongest(a, b spaces.Role) spaces.Role {
	if a == "" || b.AtLeast(a) {
		return b
	}
	return a
}
