package bus

import (
	"strings"

	"presence/spaces"
)

const (
	streamName  = "CITY_PRESENCE"
	leaseBucket = "CITY_PRESENCE_LEASE"
	leaseKey    = "aggregator"
)

// What gateways tell each other about spaces. The first two are stored.
const (
	sessionStreamName = "SPACE_SESSIONS"

	sessionPrefix  = "space.session." // <gateway>.<session>: one client inside
	alivePrefix    = "space.alive."   // <gateway>: its sign of life
	livePrefix     = "space.live."    // <space>: motion and events
	directPrefix   = "space.gateway." // <gateway>: for one gateway alone
	subjectControl = "space.control"
)

const (
	prefix        = "city.presence."
	subjectCity   = prefix + "city"
	subjectStatus = prefix + "status"
	subjectTerm   = prefix + "term"
	roomPrefix    = prefix + "room."
	linkPrefix    = prefix + "link."
	userPrefix    = prefix + "user."
	dropPrefix    = prefix + "drop."
)

// streamSubjects is what the stream stores; watchedSubjects is the part a
// watcher of the city needs, the term among them: a new record says that the
// whole city should be read again. People are left out of it: ten thousand of them
// would be read by every gateway and shown by none.
var (
	streamSubjects  = []string{roomPrefix + "*", userPrefix + "*", linkPrefix + "*", subjectCity, subjectStatus, subjectTerm, dropPrefix + "*.*"}
	watchedSubjects = []string{roomPrefix + "*", linkPrefix + "*", subjectCity, subjectStatus, subjectTerm}
)

// dropSubject is where the removal of a stored subject is published.
func dropSubject(subject string) string {
	return dropPrefix + strings.TrimPrefix(subject, prefix)
}

func roomSubject(slug spaces.Slug) string { return roomPrefix + string(slug) }
func linkSubject(slug spaces.Slug) string { return linkPrefix + string(slug) }
func userSubject(userID string) string    { return userPrefix + UserToken(userID) }

func sessionSubject(gateway, id string) string { return sessionPrefix + gateway + "." + UserToken(id) }
func aliveSubject(gateway string) string       { return alivePrefix + gateway }
func liveSubject(key spaces.Key) string        { return livePrefix + UserToken(key.String()) }
func directSubject(gateway string) string      { return directPrefix + gateway }

// validGateway is the rule for ids of gateways: one token without escaping.
func validGateway(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		if !plain(id[i]) {
			return false
		}
	}
	return true
}

// UserToken turns a Matrix user id into one NATS token: letters, digits, "-"
// and "_" stay, every other byte becomes "=" and two lower-case hex digits, as
// Matrix itself maps names into localparts. Different ids never share a token;
// the first aggregator used the bare localpart, which two servers share and
// which a dot splits in two. Sessions and keys of spaces become tokens alike.
func UserToken(userID string) string {
	if userID == "" {
		return "=" // an empty token is no token
	}
	const hex = "0123456789abcdef"
	var b strings.Builder
	b.Grow(len(userID) + 16)
	for i := range len(userID) {
		c := userID[i]
		if plain(c) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('=')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}
