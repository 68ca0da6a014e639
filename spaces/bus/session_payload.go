package bus

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"

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
	round   uint64          // in which the gateway has said it; see keeper
	session *spaces.Session // nil: it is gone
	end     bool            // the gateway has stopped
	expired bool            // nobody has renewed it, perhaps because the server was away
}

// expiredHeader marks the messages that the server leaves in place of one whose
// lifetime is over. A gateway that is silent is judged by the clock of whoever
// hears it not, which stands still during an outage; the server's does not.
const expiredHeader = "Nats-Marker-Reason"

// roundHeader carries the round of what a gateway says.
const roundHeader = "Presence-Round"

func decodeSession(subject string, header nats.Header, data []byte) (news sessionNews, ok bool, err error) {
	gone, expired := len(data) == 0, header.Get(expiredHeader) != ""
	round, err := readRound(header)
	if err != nil {
		return sessionNews{}, false, err
	}
	if id, is := strings.CutPrefix(subject, alivePrefix); is {
		if !validGateway(id) {
			return sessionNews{}, false, fmt.Errorf("%q is no gateway", id)
		}
		return sessionNews{gateway: id, end: gone, round: round}, !gone || !expired, nil // an expired sign of life is no end
	}
	rest, is := strings.CutPrefix(subject, sessionPrefix)
	gateway, token, _ := strings.Cut(rest, ".")
	if !is || !validGateway(gateway) || token == "" {
		return sessionNews{}, false, fmt.Errorf("unknown subject %q", subject)
	}
	news = sessionNews{gateway: gateway, token: token, expired: expired, round: round}
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

// readRound is zero for what somebody says who knows no rounds.
func readRound(header nats.Header) (uint64, error) {
	text := header.Get(roundHeader)
	if text == "" {
		return 0, nil
	}
	round, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("round: %w", err)
	}
	return round, nil
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
