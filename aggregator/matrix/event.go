package matrix

import (
	"time"

	"github.com/tidwall/gjson"
)

// syncEvent is one event of a response with the fields we use. The strings point
// into the response and are copied before they are kept.
type syncEvent struct {
	kind     string
	id       string
	sender   string
	stateKey string
	isState  bool
	at       time.Time     // origin_server_ts; zero when absent
	sticky   time.Duration // MSC4354; zero when absent
	content  gjson.Result
}

// readEvent takes what it understands; whoever uses the event checks what it
// needs. Anything that is not an object yields the zero event.
func readEvent(e gjson.Result) syncEvent {
	var ev syncEvent
	if !e.IsObject() {
		return ev
	}
	e.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "type":
			ev.kind = value.Str
		case "event_id":
			ev.id = value.Str
		case "sender":
			ev.sender = value.Str
		case "state_key":
			ev.stateKey, ev.isState = value.Str, value.Type == gjson.String
		case "origin_server_ts":
			ev.at, _ = moment(value)
		case "content":
			ev.content = value
		case "sticky", "msc4354_sticky":
			ev.sticky, _ = milliseconds(value.Get("duration_ms"))
		}
		return true
	})
	return ev
}
