//go:build linux

package main

import (
	"bytes"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// secret signs the tokens of a run; both servers get it as JWT_SECRET.
const secret = "a secret for benchmarks only, on loopback"

// dialect is how a client of one server speaks.
type dialect struct {
	request func(token string) []byte    // the upgrade request
	greeted func(token string) []byte    // what is sent after the upgrade; nil nothing
	reply   func(message []byte) []byte  // the answer a message demands; nil none
	kind    func(message []byte) message // what a message is to us
}

// message is what a text message means to the measurement.
type message uint8

const (
	other message = iota
	snapshot
	delivery
)

// native is the gateway's feed in the first gateway's format.
var native = dialect{
	request: func(token string) []byte {
		return upgradeRequest("/ws/city/presence", "Authorization: Bearer "+token+"\r\n")
	},
	greeted: func(string) []byte { return nil },
	reply:   func([]byte) []byte { return nil },
	kind: func(m []byte) message {
		switch {
		case bytes.HasPrefix(m, []byte(`{"type":"room.presence"`)):
			return delivery
		case bytes.HasPrefix(m, []byte(`{"type":"snapshot"`)):
			return snapshot
		}
		return other
	},
}

// socketIO is Engine.IO 4 and Socket.IO 5 over WebSocket alone.
var socketIO = dialect{
	request: func(string) []byte { return upgradeRequest("/socket.io/?EIO=4&transport=websocket", "") },
	greeted: func(token string) []byte { return clientFrame(opText, []byte(`40{"token":"`+token+`"}`)) },
	reply: func(m []byte) []byte {
		if len(m) == 1 && m[0] == '2' {
			return clientFrame(opText, []byte("3"))
		}
		return nil
	},
	kind: func(m []byte) message {
		switch {
		case bytes.HasPrefix(m, []byte(`42["room.presence"`)):
			return delivery
		case bytes.HasPrefix(m, []byte(`42["snapshot"`)):
			return snapshot
		}
		return other
	},
}

func upgradeRequest(path, headers string) []byte {
	return []byte("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + headers + "\r\n")
}

// token is an access token of the city's login service, another one for every
// socket.
func token(i int) (string, error) {
	now := time.Now()
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": "daarion-auth", "type": "access", "sub": fmt.Sprintf("user-%d", i),
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}).SignedString([]byte(secret))
}

// stamp reads the time in µs that the servers write as a room's count.
func stamp(m []byte) int64 {
	const key = `"online_count":`
	_, digits, _ := bytes.Cut(m, []byte(key))
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int64(c-'0')
	}
	return n
}
