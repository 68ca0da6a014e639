// Package engineio is a server of the Engine.IO protocol, revision 4: sessions
// over HTTP long-polling or a WebSocket, with the upgrade from one to the
// other. Socket.IO (package socketio) is what the gateway speaks over it.
//
// A bare server with timings of its own is mounted like this:
//
//	type echo struct{ session *engineio.Session }
//
//	func (e echo) Receive(_ context.Context, m engineio.Message) { e.session.Send(m) }
//	func (e echo) Closed(context.Context, string)                {}
//
//	engine, err := engineio.New(engineio.Config{
//		PingInterval: 300 * time.Millisecond,
//		PingTimeout:  200 * time.Millisecond,
//	}, func(s *engineio.Session, _ *http.Request) engineio.Receiver { return echo{s} })
//	...
//	go engine.Run(ctx) // ends all sessions and returns when ctx ends
//	mux.Handle("/engine.io/", engine)
//
// # One queue, in order
//
// What waits for a client is kept as whole WebSocket frames. On a WebSocket
// they leave as they are, all that wait in one write, past coder/websocket
// (which reads, and answers pings and closes); a poll gets them taken apart
// and joined with 0x1e. The upgrade moves the queue under the session's lock,
// which is what keeps messages in order across it.
//
// # Who owns the goroutines
//
// Server.Run: one of its own, one reader for each WebSocket, one flusher for
// each WebSocket that has something to write at the moment, and one for each
// session that is ending. Polls run on net/http's goroutines. An idle session
// has no timer: Run looks at all of them, up to once a second.
//
// # What stands in front
//
// A write timeout of the http.Server may be any or none: a poll sets its own.
// With more than one gateway instance, requests of a polling session must all
// reach the instance that opened it (sticky routing by address or cookie).
//
// Left out: revision 3, JSONP, WebTransport, compression.
package engineio
