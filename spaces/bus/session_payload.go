package bus

import (
	"encoding/json"
	"fmt"
	"strings"

	"presence/spaces"
)

// maxSession bounds the payload of one session: an avatar of 2 KB and names.
const maxSession = 8 << 10

func encodeSession(n spaces.Session) ([]byte, error) {
	if n.ID == "" || n.Subject == "" {
		return nil, spaces.Invalid("session", "needs an id and a subject")
	}
	data, err := json.Marshal(n)
	if err != nil {
		return nil, &spaces.Error{Code: spaces.CodeInvalid, Field: "avatar", Message: "must be JSON", Err: err}
	}
	if len(data) > maxSession {
		return nil, &spaces.Error{Code: spaces.CodeTooLarge, Field: "session", Message: fmt.Sprintf("must be at most %d bytes with its avatar", maxSession)}
	}
	return data, nil
}

// sessionNews is one message of the stream of sessions, decoded: a sign of life
// or the end of a gateway when token is empty, otherwise about one session.
type sessionNews struct {
	gateway string
	token   string          // of the session
	session *spaces.Session // nil: it is gone
	end     bool            // the gateway has stopped
	expired bool            // nobody has renewed it, perhaps because the server was away
}

// expiredHeader marks the messages that the server leaves in place of one whose
// lifetime is over. A gateway that is silent is judged by the clock of whoever
// hears it not, which stands still during an outage; the server's does not.
const expiredHeader = "Nats-Marker-Reason"

func decodeSession(subject string, expired bool, data []byte) (news sessionNews, ok bool, err error) {
	gone := len(data) == 0
	if id, is := strings.CutPrefix(subject, alivePrefix); is {
		if !validGateway(id) {
			return sessionNews{}, false, fmt.Errorf("%q is no gateway", id)
		}
		return sessionNews{gateway: id, end: gone}, !gone || !expired, nil // an expired sign of life is no end
	}
	rest, is := strings.CutPrefix(subject, sessionPrefix)
	gateway, token, _ := strings.Cut(rest, ".")
	if !is || !validGateway(gateway) || token == "" {
		return sessionNews{}, false, fmt.Errorf("unknown subject %q", subject)
	}
	news = sessionNews{gateway: gateway, token: token, expired: expired}
	if gone {
		return news, true, nil
	}
	n, err := readSession(data)
	if err != nil {
		return sessionNews{}, false, err
	}
	if n.Gateway != gateway || UserToken(n.ID) != token {
		return sessionNews{}, false, fmt.Errorf("session %q of gateway %q does not fit its subject", n.ID, n.Gateway)
	}
	news.session = &n
	return news, true, nil
}

func readSession(data []byte) (spaces.Session, error) {
	if len(data) > maxSession {
		return spaces.Session{}, fmt.Errorf("a session of %d bytes", len(data))
	}
	var n spaces.Session
	if err := json.Unmarshal(data, &n); err != nil {
		return spaces.Session{}, err
	}
	if n.ID == "" || n.Subject == "" || n.Key == (spaces.Key{}) {
		return spaces.Session{}, fmt.Errorf("session %q of nobody, or nowhere", n.ID)
	}
	if n.Arrival != nil && !n.Arrival.Sane() {
		n.Arrival = nil
	}
	return n, nil
}
