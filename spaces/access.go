package spaces

import (
	"slices"
	"time"
)

// Role is a right in one space. Roles are held by subjects, granted by admins
// or inherited from the content.
type Role string

// The closed set of roles, strongest first.
const (
	SpaceAdmin        Role = "admin"         // everything, settings and grants included
	SpaceModerator    Role = "moderator"     // delete lines, kick, ban
	SpaceSubscriber   Role = "subscriber"    // enters although the space is not public
	SpaceTicketHolder Role = "ticket_holder" // as a subscriber, for one event
	SpaceGuest        Role = "guest"         // everybody else, proven or not
)

var roleOrder = []Role{SpaceAdmin, SpaceModerator, SpaceSubscriber, SpaceTicketHolder, SpaceGuest}

// Roles are all roles, strongest first.
func Roles() []Role { return slices.Clone(roleOrder) }

// AtLeast reports whether r is other or stronger. An unknown role is weaker
// than all.
func (r Role) AtLeast(other Role) bool {
	i := slices.Index(roleOrder, r)
	return i >= 0 && i <= slices.Index(roleOrder, other)
}

// Action is something a door asks about before it lets somebody do it.
type Action string

// The closed set of actions.
const (
	ActSee      Action = "see"      // know that the space exists; without it everything answers "not found"
	ActEnter    Action = "enter"    // be inside, move, use emotes and signalling
	ActRead     Action = "read"     // read the chat
	ActWrite    Action = "write"    // write, react, and edit or delete one's own lines
	ActModerate Action = "moderate" // delete others' lines, kick, ban, mute
	ActSettings Action = "settings" // change settings and subspaces
	ActGrant    Action = "grant"    // give and take roles
)

// Ban keeps a subject out of a space.
type Ban struct {
	Until  time.Time // zero: for good
	Reason string    // shown to the banned
}

// Standing is what is known about one viewer in one space: the facts [Decide]
// looks at, collected by the gateway from the store.
type Standing struct {
	Viewer    Viewer
	Space     Space
	Role      Role      // the strongest granted or inherited; empty is SpaceGuest
	Ban       *Ban      // nil: none in force
	Newcomers time.Time // until when a guest's ban keeps the viewer out as well, who came after it from the same network; zero: it does not
	NSFWShown bool      // the viewer said that they want to see such content
	Now       time.Time
}

// Decide answers the one question of every door: may this identity do this
// here, and if not, why. Nil means yes; otherwise the error is an [Error] with
// CodeNotFound (the viewer may not know the space), CodeUnauthenticated (a
// proven identity could) or CodeForbidden, in words for the person concerned.
func Decide(s Standing, a Action) error {
	if !s.sees() || s.Space.Key.Subspace == CommentsSubspace {
		return NoSpace()
	}
	if !s.Viewer.Allows(a, s.Space.Key) {
		return &Error{Code: CodeForbidden, Message: "this token is good for another space or another purpose", Fix: "Use the token that joining this space gave you"}
	}
	role := s.Rank()
	if role == SpaceAdmin { // who governs a space is neither banned nor gated
		return nil
	}
	if a == ActSee {
		return nil
	}
	if s.Ban != nil && (s.Ban.Until.IsZero() || s.Ban.Until.After(s.Now)) {
		return banned(*s.Ban)
	}
	if s.Viewer.Guest && s.Newcomers.After(s.Now) {
		return s.proveYourself("a guest from your address was banned from this space, which is closed to new guests from there until " + s.Newcomers.UTC().Format(time.RFC3339))
	}
	switch a {
	case ActModerate:
		return s.need(role, SpaceModerator, "only moderators of this space may do that")
	case ActSettings, ActGrant:
		return s.need(role, SpaceAdmin, "only admins of this space may do that")
	case ActSee, ActEnter, ActRead, ActWrite: // judged below
	}
	if s.Space.NSFW && !s.NSFWShown {
		return &Error{Code: CodeForbidden, Field: "nsfw", Message: "this space is marked as not safe for work", Fix: "Send nsfw=true to enter it nevertheless"}
	}
	if !s.Space.Settings.GuestsEnter && s.Viewer.Guest && !role.AtLeast(SpaceTicketHolder) {
		return s.proveYourself("guests may not enter this space")
	}
	if a != ActWrite {
		return nil
	}
	if !s.Space.Settings.ChatEnabled && !role.AtLeast(SpaceModerator) {
		return &Error{Code: CodeForbidden, Message: "the chat of this space is switched off"}
	}
	if !s.Space.Settings.GuestsChat && s.Viewer.Guest {
		return s.proveYourself("guests may not write in this space")
	}
	return nil
}

// NoSpace is the answer about a space that is not there, or that the viewer may
// not know of: the two must look alike.
func NoSpace() *Error {
	return &Error{Code: CodeNotFound, Message: "Space not found or access denied"} // the first API's words
}

// Rank is what the viewer is in the space, the city's admins included.
func (s Standing) Rank() Role {
	if slices.Contains(s.Viewer.Roles, RoleAdmin) {
		return SpaceAdmin
	}
	if s.Role == "" {
		return SpaceGuest
	}
	return s.Role
}

func (s Standing) sees() bool {
	if s.Space.Public || s.Rank().AtLeast(SpaceTicketHolder) {
		return true
	}
	return s.Space.Link != nil && s.Viewer.CanSee(*s.Space.Link)
}

func (s Standing) need(have, want Role, why string) error {
	if have.AtLeast(want) {
		return nil
	}
	if s.Viewer.Guest {
		return s.proveYourself(why)
	}
	return &Error{Code: CodeForbidden, Message: why}
}

func (s Standing) proveYourself(why string) error {
	return &Error{Code: CodeUnauthenticated, Message: why, Fix: "Sign in with a Hive or Matrix account"}
}

func banned(b Ban) error {
	text := "you are banned from this space"
	if !b.Until.IsZero() {
		text += " until " + b.Until.UTC().Format(time.RFC3339)
	}
	if b.Reason != "" {
		text += ": " + b.Reason
	}
	return &Error{Code: CodeForbidden, Message: text}
}
