package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"presence/gateway/auth"
)

// hall is where slow visitors are kept apart from those who behave.
const hall = "global:lobby:hall"

// slowReaders: in a space where much is said, a client that does not read costs
// a bounded queue and then its connection, whatever its door.
func (s *fortress) slowReaders(t *testing.T) {
	const talkers = 8
	token := func(name string) string { return s.own(t, auth.Grant{Subject: "hive:" + name}) }
	stalled := []struct {
		tried, counter string
		enter          func()
	}{
		{"a native socket", `presence_space_closed_total{code="slow"}`, func() {
			w := s.stalled(t, "/ws/space", token("slow-native"), "Sec-WebSocket-Protocol: presence.space.v1\r\n")
			w.say(frame(opText, `{"type":"join","space":"`+hall+`"}`))
		}},
		{"a WebSocket of Socket.IO", `presence_socketio_closed_total{reason="slow"}`, func() {
			w := s.stalled(t, engine, token("slow-io"), "")
			w.say(frame(opText, `40`) + frame(opText, `42["join-space",{"spaceType":"global","spaceId":"lobby","subspace":"hall"}]`))
		}},
		{"a client that does not poll", `presence_socketio_closed_total{reason="slow"}`, func() { s.neverPolls(t, token("slow-poll")) }},
		{"a socket of the wallet script", `presence_door_closed_total{code="slow"}`, func() {
			w := s.stalled(t, "/socket.io/", token("slow-raw"), "")
			w.say(frame(opText, `{"type":"join-space","spaceType":"global","spaceId":"lobby","subspace":"hall"}`))
		}},
	}
	for _, c := range stalled {
		c.enter()
	}
	var talking sync.WaitGroup
	said := make(chan struct{})
	defer talking.Wait()
	defer close(said)
	all := make([]*visitorSocket, talkers)
	for i := range all {
		all[i] = s.visitor(t, fmt.Sprintf("hive:talker%d", i))
		all[i].enters(t, hall)
		go all[i].each(func(string) {})
	}
	s.inHall(t, "everybody", func(accounts []string) bool { return len(accounts) == talkers+len(stalled) })
	for _, v := range all {
		talking.Go(func() { v.goesOnTalking(t, said) })
	}
	s.inHall(t, "none of those who do not read", func(accounts []string) bool {
		return !slices.ContainsFunc(accounts, func(account string) bool { return strings.HasPrefix(account, "slow-") })
	})
	for i, c := range stalled {
		s.note("slow visitors", i, c.tried, "closed as slow; `"+c.counter+"`")
		if s.metric(t, c.counter) == 0 {
			t.Errorf("%s is 0", c.counter)
		}
	}
	s.heard(t)
}

// inHall waits until the accounts of those in the hall are as wanted.
func (s *fortress) inHall(t *testing.T, what string, as func(accounts []string) bool) {
	t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(patience); ; <-look.C {
		var lobby struct {
			Space struct {
				People []struct {
					Account  string `json:"user_account"`
					Subspace string
				} `json:"connected_users"`
			}
		}
		s.getJSON(t, "/api/spaces/global/lobby", &lobby)
		var accounts []string
		for _, p := range lobby.Space.People {
			if p.Subspace == "hall" {
				accounts = append(accounts, p.Account)
			}
		}
		if as(accounts) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("in the hall are %v, want %s", accounts, what)
		}
	}
}

// stalled opens a WebSocket from which nothing is ever read.
func (s *fortress) stalled(t *testing.T, path, token, header string) wire {
	t.Helper()
	w := s.connect(t, "")
	_ = w.Conn.(*net.TCPConn).SetReadBuffer(64 << 10)
	w.say("GET " + path + " HTTP/1.1\r\nHost: city\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nAuthorization: Bearer " + token + "\r\n" + header + "\r\n")
	return w
}

// neverPolls enters by polling and never asks what is said.
func (s *fortress) neverPolls(t *testing.T, token string) {
	t.Helper()
	const endpoint = "/socket.io/?EIO=4&transport=polling"
	greeting := s.ask(t, request{path: endpoint})
	var opened struct{ SID string }
	if err := json.Unmarshal(greeting.body[1:], &opened); err != nil {
		t.Fatalf("%s: %v", greeting.body, err)
	}
	for _, packet := range []string{`40{"token":"` + token + `"}`, `42["join-space",{"spaceType":"global","spaceId":"lobby","subspace":"hall"}]`} {
		a := s.ask(t, request{method: http.MethodPost, path: endpoint + "&sid=" + opened.SID, body: strings.NewReader(packet)})
		if string(a.body) != "ok" {
			t.Fatalf("%s: %d %s", packet, a.status, a.body)
		}
	}
}

// goesOnTalking says much until done is closed: at once all that one may, and
// then as much as one may.
func (v *visitorSocket) goesOnTalking(t *testing.T, done <-chan struct{}) {
	pause := time.NewTicker(250 * time.Millisecond)
	defer pause.Stop()
	text := `{"type":"entity","data":"` + strings.Repeat("x", 15<<10) + `"}`
	for range 16 {
		v.say(t, text)
	}
	for {
		select {
		case <-pause.C:
			v.say(t, text)
		case <-done:
			v.leaves()
			return
		}
	}
}
