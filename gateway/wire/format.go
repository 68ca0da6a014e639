package wire

import (
	"net/http"
	"strings"

	"presence/spaces"
)

// Format is a dialect of the city feed over WebSocket.
type Format uint8

// The closed set of formats.
const (
	FormatV1 Format = iota // the first gateway's messages, with added fields
	FormatV2               // our page's: links, totals and status besides counts
)

// Subprotocols by which a client chooses a format. A client that names none
// gets v1; v1 has a name of its own because a browser that offers
// "bearer.<token>" refuses a server that selects nothing.
const (
	SubprotocolV1 = "presence.city.v1"
	SubprotocolV2 = "presence.city.v2"
)

// BearerPrefix marks the offered subprotocol that is no format but the
// client's token: the only header a browser's WebSocket lets a page set. "."
// because a subprotocol is an RFC 9110 token, which may hold no space or colon.
const BearerPrefix = "bearer."

// BearerAlone refuses a socket that offers its token and no format.
func BearerAlone() *Problem {
	const rule = "offer " + SubprotocolV1 + " or " + SubprotocolV2 + " beside " + BearerPrefix + "<token>"
	p := PlainProblem(http.StatusBadRequest, spaces.CodeInvalid,
		"a browser ends a socket whose server selects no subprotocol, and a token is never selected: "+rule+
			`, as in new WebSocket(url, ["`+SubprotocolV1+`", "`+BearerPrefix+`<token>"])`)
	p.Errors = append(p.Errors, ProblemDetail{Location: "header.Sec-WebSocket-Protocol", Message: rule})
	return p
}

// Subprotocols lists what the city feed can negotiate, best first.
var Subprotocols = []string{SubprotocolV2, SubprotocolV1}

// FormatOf returns the format that a negotiated subprotocol stands for.
func FormatOf(subprotocol string) Format {
	if strings.EqualFold(subprotocol, SubprotocolV2) {
		return FormatV2
	}
	return FormatV1
}

// String is the value of the metric label "format".
func (f Format) String() string {
	if f == FormatV2 {
		return "v2"
	}
	return "v1"
}

// CityEncoder builds the messages of one format. Every method appends one JSON
// text to dst and returns it; a method whose message the format does not have
// returns dst as it was. Implementations keep nothing and may be shared.
type CityEncoder interface {
	// Snapshot is everything the viewer may see; seq is the cursor it stands for.
	Snapshot(dst []byte, seq uint64, c City) []byte
	// Room says that a room's numbers changed or became unknown.
	Room(dst []byte, seq uint64, r *Room) []byte
	// Link says that a room is new to the viewer, or its description changed.
	Link(dst []byte, seq uint64, r *Room) []byte
	// Gone says that a room is no longer there, or no longer visible.
	Gone(dst []byte, seq uint64, slug spaces.Slug) []byte
	// Totals says that the city's or a zone's totals changed; nil is unknown.
	Totals(dst []byte, seq uint64, c *spaces.CityPresence) []byte
	// Status says how fresh the numbers are from now on.
	Status(dst []byte, seq uint64, s Status) []byte
}

// Encoder returns the format's encoder.
func (f Format) Encoder() CityEncoder {
	if f == FormatV2 {
		return cityV2{}
	}
	return cityV1{}
}

// City is what a snapshot is made of: the rooms one viewer may see, sorted by
// slug, and what everybody may see.
type City struct {
	TS     int64 // ms; when the snapshot was made
	Status Status
	Totals *spaces.CityPresence // nil: unknown
	Grid   spaces.Rect          // W and H only
	Rooms  []*Room
}

// Status tells how fresh the numbers of a feed are.
type Status struct {
	State    string           `json:"state"` // spaces.StateLive, StateStale or StateUnknown
	Sync     spaces.SyncState `json:"sync"`
	AsOf     int64            `json:"as_of"`    // ms; when the numbers were last confirmed, 0 when never
	Presence string           `json:"presence"` // supported, disabled or unknown
	Source   spaces.Source    `json:"source"`
	Message  string           `json:"message"`
}
