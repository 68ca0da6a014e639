package socketio_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"presence/gateway/conn/engineio"
	"presence/gateway/conn/socketio"
)

// TestRealClient has the stock socket.io-client do everything a client does,
// with every choice of transports.
func TestRealClient(t *testing.T) {
	t.Parallel()
	clients := filepath.Join("..", "..", "..", "testdata", "clients")
	if _, err := os.Stat(filepath.Join(clients, "node_modules", "socket.io-client")); err != nil {
		t.Fatalf("npm --prefix testdata/clients ci brings what is missing, and so does make test: %v", err)
	}
	io := serve(t, engineio.Config{PingInterval: 300 * time.Millisecond, PingTimeout: 20 * time.Second}, suite)
	for _, transport := range []string{"default", "websocket", "polling"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			node := exec.CommandContext(t.Context(), "node", "socketio.js", io.URL, transport)
			node.Dir = clients
			if out, err := node.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// suiteClient answers as the server of the official suite does, and puts out
// who asks for it.
type suiteClient struct{ socket *socketio.Socket }

func suite(_ context.Context, s *socketio.Socket, auth json.RawMessage, _ *http.Request) (socketio.Client, error) {
	s.Emit("auth", auth)
	return suiteClient{s}, nil
}

func (c suiteClient) Event(_ context.Context, e socketio.Event) {
	switch {
	case e.Name == "leave":
		c.socket.Disconnect()
	case e.Ack != nil:
		e.Ack(e.Data)
	default:
		c.socket.Send(e.Name+"-back", e.Data)
	}
}

func (c suiteClient) Disconnected(context.Context, string) {}
