package spaces

import "time"

// Kind is the shape of a space's content; it chooses the environment people
// stand in.
type Kind string

// The closed set of kinds. The first six are the types of DLUX posts that are
// spaces; any other post is none.
const (
	Kind360      Kind = "360"
	KindVRML     Kind = "vrml"
	KindAFrame   Kind = "aframe"
	KindBlog     Kind = "blog"
	KindArt      Kind = "art"
	KindGame     Kind = "game"
	KindDocument Kind = "document"
	KindLobby    Kind = "lobby"
	KindCity     Kind = "city"
)

// PostKinds are the kinds of posts that are spaces.
var PostKinds = []Kind{Kind360, KindVRML, KindAFrame, KindBlog, KindArt, KindGame}

// Space is a place people enter together, as the content and its settings
// describe it. It is configuration: who is inside is not part of it.
type Space struct {
	Key         Key
	Kind        Kind
	Title       string
	Description string
	Content     string    // text of a post or document; at most 64 KB, and empty in lists
	Metadata    string    // the JSON object that came with a post; empty otherwise
	Owner       string    // subject of the author or creator ("hive:alice"); empty when nobody's
	Name        string    // of a document that is also known as "owner/permlink"; empty otherwise
	Block       int64     // posts only
	Votes       int64     // posts only
	Rating      int64     // posts only
	NSFW        bool      // entered only by those who say that they want to
	Public      bool      // false: a document or city room for those with a right of their own
	CreatedAt   time.Time // zero when unknown
	UpdatedAt   time.Time
	Link        *Link // of a city space
	Settings    Settings
}

// Settings is what a space's admins may change. They belong to the content and
// hold for all its subspaces.
type Settings struct {
	ChatEnabled  bool   `json:"chat_enabled"`
	VoiceEnabled bool   `json:"voice_enabled"`
	GuestsEnter  bool   `json:"guests_enter"` // unproven visitors may enter
	GuestsChat   bool   `json:"guests_chat"`  // unproven visitors may write
	MaxUsers     int    `json:"max_users"`    // seats; more wait in line
	Custom       []byte `json:"-"`            // the JSON object "settings" of the first API: theme, spawn_points, ...
}

// Seats of a space whose admins chose nothing: the first API's 50 for
// somebody's content, a whole crowd where everybody is welcome.
const (
	DefaultSeats = 50
	CrowdSeats   = 1000
	MaxSeats     = 5000
)

// DefaultSettings are those of a space whose admins changed nothing.
func DefaultSettings(t Type) Settings {
	s := Settings{ChatEnabled: true, VoiceEnabled: true, GuestsEnter: true, GuestsChat: true, MaxUsers: DefaultSeats}
	if t == TypeGlobal || t == TypeCity {
		s.MaxUsers = CrowdSeats
	}
	return s
}
