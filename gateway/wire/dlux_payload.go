package wire

import (
	"encoding/json"
	"strings"
	"time"

	"presence/spaces"
)

// dluxKey is how the first server spells a space.
type dluxKey struct {
	SpaceType spaces.Type `json:"spaceType"`
	SpaceID   string      `json:"spaceId"`
	Subspace  string      `json:"subspace"`
}

func dluxKeyOf(k spaces.Key) dluxKey { return dluxKey{k.Type, k.ID, k.Subspace} }

// dluxFrom is who something is from. UserAccount is null for guests.
type dluxFrom struct {
	SocketID    string  `json:"socketId"`
	UserAccount *string `json:"userAccount"`
	DisplayName string  `json:"display_name"`
}

func dluxFromOf(m Member) dluxFrom {
	return dluxFrom{m.Session.ID, nullable(m.Session.Account), m.Session.Name}
}

// dluxUser is one of space-joined's users.
type dluxUser struct {
	dluxFrom
	Position     json.RawMessage `json:"position"`
	Rotation     json.RawMessage `json:"rotation"` // degrees
	AvatarData   json.RawMessage `json:"avatar_data"`
	VoiceEnabled bool            `json:"voice_enabled"`
	ConnectedAt  string          `json:"connected_at"`
}

func dluxUserOf(m Member) dluxUser {
	u := dluxUser{
		dluxFrom: dluxFromOf(m), AvatarData: m.Session.Avatar,
		VoiceEnabled: m.Session.Voice, ConnectedAt: jsTime(m.Session.ConnectedAt),
	}
	if m.Pose != nil {
		p, r := m.Pose.Position, m.Pose.Rotation.Euler()
		u.Position, u.Rotation = appendPoint(nil, p.X, p.Y, p.Z), appendPoint(nil, r.X, r.Y, r.Z)
	}
	return u
}

type dluxJoined struct {
	Success bool `json:"success"`
	dluxKey
	SocketID    string      `json:"socketId"` // one's own; a client of Socket.IO knows it already
	UserAccount *string     `json:"userAccount"`
	Role        spaces.Role `json:"role"`
	Users       []dluxUser  `json:"users"`
	ChatSeq     int64       `json:"chat_seq"`
	Timestamp   int64       `json:"timestamp"`
}

func dluxJoinedOf(e Joined) dluxJoined {
	j := dluxJoined{
		Success: true, dluxKey: dluxKeyOf(e.Key),
		SocketID: e.Self.Session.ID, UserAccount: nullable(e.Self.Session.Account), Role: e.Role,
		Users: make([]dluxUser, 0, len(e.Members)), ChatSeq: e.ChatSeq, Timestamp: e.At.UnixMilli(),
	}
	for _, m := range e.Members {
		j.Users = append(j.Users, dluxUserOf(m))
	}
	return j
}

// dluxArrival is user-joined and user-updated.
type dluxArrival struct {
	dluxUser
	Timestamp int64 `json:"timestamp"`
}

func dluxArrivalOf(m Member, at time.Time) dluxArrival {
	return dluxArrival{dluxUserOf(m), at.UnixMilli()}
}

type dluxLeaver struct {
	dluxFrom
	Timestamp int64 `json:"timestamp"`
}

// dluxQueued has the fields in which data.dlux.io answers a join of a full
// space.
type dluxQueued struct {
	Success bool   `json:"success"`
	Queued  bool   `json:"queued"`
	Message string `json:"message"`
	dluxKey
	QueueInfo struct {
		Position int `json:"position"`
		Length   int `json:"length"`
	} `json:"queue_info"`
	Capacity struct {
		Total int `json:"total"`
	} `json:"capacity"`
}

func dluxQueuedOf(e Waiting) dluxQueued {
	q := dluxQueued{Queued: true, Message: "the space is full; you are in line and will be let in by itself", dluxKey: dluxKeyOf(e.Key)}
	q.QueueInfo.Position, q.QueueInfo.Length, q.Capacity.Total = e.Position, e.Length, e.Seats
	return q
}

type dluxLeft struct {
	dluxKey
	Reason string `json:"reason"`
}

type dluxTyping struct {
	Users []dluxFrom `json:"users"`
}

func dluxTypingOf(e Typing) dluxTyping {
	t := dluxTyping{Users: make([]dluxFrom, 0, len(e.Members))}
	for _, m := range e.Members {
		t.Users = append(t.Users, dluxFromOf(m))
	}
	return t
}

type dluxEmote struct {
	dluxFrom
	Emote     string `json:"emote"`
	Timestamp int64  `json:"timestamp"`
}

type dluxUpdate struct {
	dluxFrom
	EntityData json.RawMessage `json:"entityData"`
	Timestamp  int64           `json:"timestamp"`
}

type dluxCustom struct {
	dluxFrom
	Name      string          `json:"name"`
	Data      json.RawMessage `json:"data"`
	Timestamp int64           `json:"timestamp"`
}

type dluxSignal struct {
	Offer        json.RawMessage `json:"offer,omitempty"`
	Answer       json.RawMessage `json:"answer,omitempty"`
	FromSocketID string          `json:"fromSocketId"`
	FromUser     *string         `json:"fromUser"`
}

type dluxCandidate struct {
	Candidate    json.RawMessage `json:"candidate"`
	FromSocketID string          `json:"fromSocketId"`
}

// dluxLine is a chat line as everybody in the space hears of it.
type dluxLine struct {
	ChatRow
	Seq       int64 `json:"seq"`
	Timestamp int64 `json:"timestamp"`

	// The wallet script's own words for a line.
	User    string  `json:"user,omitempty"`
	Message *string `json:"message,omitempty"`
}

func dluxLineOf(e spaces.ChatEvent) dluxLine {
	return dluxLine{ChatRow: NewChatRow(e.Message), Seq: e.Seq, Timestamp: e.At.UnixMilli()}
}

// dluxComment is a comment on a document as everybody in its space hears of it:
// new, edited or deleted, as it is then.
type dluxComment struct {
	CommentRow
	Seq       int64 `json:"seq"`
	Timestamp int64 `json:"timestamp"`
}

type dluxReaction struct {
	MessageID   int64             `json:"messageId"`
	Reactions   []spaces.Reaction `json:"reactions"` // all there are now
	By          string            `json:"by"`
	UserAccount *string           `json:"userAccount"`
	Seq         int64             `json:"seq"`
	Timestamp   int64             `json:"timestamp"`
}

func dluxReactionOf(e spaces.ChatEvent) dluxReaction {
	by := spaces.Viewer{Subject: e.By, Guest: strings.HasPrefix(e.By, "guest:")}
	return dluxReaction{
		MessageID: e.Message.ID, Reactions: e.Message.Reactions, By: e.By,
		UserAccount: nullable(spaces.Account(by)), Seq: e.Seq, Timestamp: e.At.UnixMilli(),
	}
}

type dluxError struct {
	Error string      `json:"error"`
	Code  spaces.Code `json:"code,omitempty"`
	Field string      `json:"field,omitempty"`
	Event string      `json:"event,omitempty"` // what was refused
}

// jsTime is a time as JavaScript prints a Date in JSON.
func jsTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func nullable(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
