package matrix

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"presence/aggregator/state"
	"presence/spaces"
)

// errNotJSON and errNoToken are the two ways a whole response is unusable.
var (
	errNotJSON = errors.New("the homeserver's /sync answer is not JSON")
	errNoToken = errors.New("the homeserver's /sync answer has no next_batch that is text")
)

// Decode turns a /sync response into facts. at is when it arrived, initial
// whether it was asked for without a since token, self the daemon.
//
// Only two faults are errors: an answer that is not one JSON object, and one
// without next_batch. Anything else that cannot be understood is dropped and
// counted, and any map may be absent (a quiet Dendrite answers next_batch and
// nothing else).
func Decode(body []byte, at time.Time, initial bool, self string) (*Response, error) {
	// The standard library's scanner bounds nesting; walking afterwards is by
	// offset, so a hostile depth cannot exhaust the stack.
	if !json.Valid(body) {
		return nil, fmt.Errorf("%w: it begins %q", errNotJSON, head(body))
	}
	top := gjson.ParseBytes(body)
	if !top.IsObject() {
		return nil, fmt.Errorf("%w object: it begins %q", errNotJSON, head(body))
	}
	d := &decoder{
		out:   &Response{Batch: state.Batch{At: at, Initial: initial}, Bytes: len(body)},
		self:  self,
		names: map[string]string{},
	}
	top.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "next_batch":
			d.out.NextBatch = strings.Clone(value.Str)
		case "presence":
			d.presence(value)
		case "rooms":
			d.rooms(value)
		}
		return true
	})
	if d.out.NextBatch == "" || !storable(d.out.NextBatch) {
		return nil, errNoToken
	}
	return d.out, nil
}

// decoder walks one response. Strings it hands out are copies, because a
// substring would keep the whole response in memory for as long as the fact.
type decoder struct {
	out   *Response
	self  string
	names map[string]string // copies already made: a user appears in many rooms
}

func (d *decoder) copy(s string) string {
	if known, ok := d.names[s]; ok {
		return known
	}
	c := strings.Clone(s)
	d.names[c] = c
	return c
}

func (d *decoder) presence(section gjson.Result) {
	eachEvent(section, func(e gjson.Result) {
		ev := readEvent(e)
		if ev.kind != "m.presence" || !ev.content.IsObject() || !spaces.ValidUserID(ev.sender) {
			d.out.Dropped.Presence++
			return
		}
		if ev.sender == d.self {
			// not_senders is ignored by Dendrite.
			d.out.PresenceSeen = true
			return
		}
		d.out.Batch.Presence = append(d.out.Batch.Presence, d.presenceFact(ev))
	})
}

func (d *decoder) presenceFact(ev syncEvent) state.PresenceFact {
	fact := state.PresenceFact{UserID: d.copy(ev.sender)}
	ev.content.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "presence":
			fact.Presence = d.copy(value.Str)
		case "currently_active":
			fact.CurrentlyActive = value.Type == gjson.True
		case "last_active_ago":
			fact.LastActiveAgo, fact.HasLastActive = milliseconds(value)
		}
		return true
	})
	if fact.Presence != "" && fact.Presence != "offline" {
		d.out.PresenceSeen = true
	}
	return fact
}

func (d *decoder) rooms(section gjson.Result) {
	section.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "join":
			d.eachRoom(value, d.joined)
		case "leave":
			d.eachRoom(value, func(roomID string, _ gjson.Result) {
				d.out.Batch.Rooms = append(d.out.Batch.Rooms, state.RoomFacts{RoomID: roomID, Left: true})
			})
		case "invite":
			d.eachRoom(value, func(roomID string, _ gjson.Result) {
				d.out.Invites = append(d.out.Invites, roomID)
			})
		}
		return true
	})
}

func (d *decoder) eachRoom(section gjson.Result, use func(roomID string, room gjson.Result)) {
	if !section.IsObject() {
		return
	}
	section.ForEach(func(key, room gjson.Result) bool {
		if !validRoomID(key.Str) || !room.IsObject() {
			d.out.Dropped.Rooms++
			return true
		}
		use(d.copy(key.Str), room)
		return true
	})
}

// eachEvent calls use for every element of section.events.
func eachEvent(section gjson.Result, use func(gjson.Result)) {
	if !section.IsObject() {
		return
	}
	section.ForEach(func(key, events gjson.Result) bool {
		if key.Str == "events" && events.IsArray() {
			events.ForEach(func(_, e gjson.Result) bool {
				use(e)
				return true
			})
		}
		return true
	})
}

// milliseconds reads a duration; false for anything that is not a number of a
// sensible size. A negative duration is none.
func milliseconds(value gjson.Result) (time.Duration, bool) {
	if value.Type != gjson.Number || value.Num > float64(maxSpan/time.Millisecond) {
		return 0, false
	}
	return time.Duration(max(value.Num, 0)) * time.Millisecond, true
}

// maxSpan bounds durations and distances from now that come from outside, far
// below where time arithmetic overflows.
const maxSpan = 100 * 365 * 24 * time.Hour

// moment reads a time in milliseconds since 1970; false for anything else.
func moment(value gjson.Result) (time.Time, bool) {
	if value.Type != gjson.Number || value.Num <= 0 || value.Num > 1e14 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(value.Num)), true
}

func validRoomID(s string) bool {
	return len(s) > 1 && len(s) <= 255 && s[0] == '!' && storable(s)
}

// storable reports whether the text can be kept on any database: PostgreSQL
// refuses NUL and what is not UTF-8, and one such text among the rows would
// fail every save from then on. JSON may hold both.
func storable(s string) bool {
	return utf8.ValidString(s) && !strings.Contains(s, "\x00")
}

// head is the beginning of an answer for an error message.
func head(body []byte) string {
	return string(body[:min(len(body), 60)])
}
