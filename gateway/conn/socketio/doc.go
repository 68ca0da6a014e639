// Package socketio is a server of the Socket.IO protocol, revision 5, over
// package engineio: namespaces, events, acks and binary attachments.
//
// Namespaces are mounted like this:
//
//	type client struct{ socket *socketio.Socket }
//
//	func connect(_ context.Context, s *socketio.Socket, auth json.RawMessage, _ *http.Request) (socketio.Client, error) {
//		s.Emit("welcome", auth)
//		return client{s}, nil // an error refuses the client with CONNECT_ERROR
//	}
//
//	func (c client) Event(_ context.Context, e socketio.Event) {
//		if e.Ack != nil {
//			e.Ack(e.Data)
//			return
//		}
//		c.socket.Send(e.Name+"-back", e.Data)
//	}
//
//	func (c client) Disconnected(context.Context, string) {}
//
//	io, err := socketio.New(engineio.Config{
//		PingInterval:   300 * time.Millisecond,
//		PingTimeout:    200 * time.Millisecond,
//		ConnectTimeout: time.Second,
//	}, map[string]socketio.Connect{"/": connect, "/custom": connect})
//	...
//	go io.Run(ctx) // ends all sockets and returns when ctx ends
//	mux.Handle("/socket.io/", io)
//
// A [Socket] also takes ready frames shared by many clients ([Socket.Write],
// [AppendEvent]), which is how a space tells everybody the same.
//
// All goroutines are engineio's and end with Server.Run. State is one client's
// and guarded by the session calling one at a time; what other goroutines may
// touch says so.
//
// Left out: acks asked for by the server, dynamic namespaces, msgpack,
// connection state recovery (resuming belongs to the gateway's sessions).
package socketio
