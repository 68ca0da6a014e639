package bus

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"presence/spaces"
)

// Whatever arrives, what is taken fits its subject and can be said again.
func FuzzDecodeSession(f *testing.F) {
	n := spaces.Session{ID: "s.1", Gateway: "a", Key: spaces.Key{Type: spaces.TypeGlobal, ID: spaces.Lobby, Subspace: "main"}, Subject: "hive:alice", Avatar: json.RawMessage(`{}`), ConnectedAt: time.UnixMilli(1)}
	data, err := encodeSession(n)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sessionSubject("a", "s.1"), "", "7", data)
	f.Add(sessionSubject("a", "s.1"), "MaxAge", "", []byte{})
	f.Add(aliveSubject("a"), "", "-1", []byte(`{"sessions":1}`))
	f.Add(aliveSubject("a"), "MaxAge", "", []byte{})
	f.Add("space.session..", "", "", []byte(`{"key":"global:lobby"}`))
	f.Fuzz(func(t *testing.T, subject, expired, round string, data []byte) {
		news, ok, err := decodeSession(subject, nats.Header{expiredHeader: {expired}, roundHeader: {round}}, data)
		if err != nil || !ok {
			return
		}
		if !validGateway(news.gateway) || news.end && len(data) > 0 {
			t.Fatalf("%q gives %+v", subject, news)
		}
		if news.session == nil {
			return
		}
		if sessionSubject(news.session.Gateway, news.session.ID) != subject {
			t.Fatalf("%q carries session %q of %q", subject, news.session.ID, news.session.Gateway)
		}
		again, err := encodeSession(*news.session)
		if err != nil {
			return // longer once escaped
		}
		same, err := readSession(again)
		if err != nil || !sameSession(same, *news.session) && string(news.session.Avatar) == string(same.Avatar) {
			t.Fatalf("%+v became %+v, %v", news.session, same, err)
		}
	})
}

func FuzzDecodeControl(f *testing.F) {
	f.Add([]byte(`{"kind":"kick","space":"global:lobby:main","subject":"hive:bob","reason":"spam"}`))
	f.Add([]byte(`{"kind":"revoked","login":"1"}`))
	f.Add([]byte(`{"kind":"ban"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := decodeControl(data)
		if err != nil {
			return
		}
		if c.Session+c.Subject+c.Login == "" {
			t.Fatalf("an order for everybody: %+v", c)
		}
		if _, err := encodeControl(c); err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
	})
}
