// Package door lets clients into the spaces of package hub, each in the
// language it speaks:
//
//   - the native protocol over WebSocket ([Native]);
//   - the first server's events over Socket.IO, at /socket.io/;
//   - the JSON objects that the shipped wallet script sends over a bare
//     WebSocket at the same path, which it opens without Engine.IO's "EIO";
//   - networked-aframe's uws adapter over a bare WebSocket, and its socketio
//     adapter over the same Socket.IO endpoint.
//
// A door proves who comes (a client's word about itself is not read), decodes
// what it says, and speaks for it to a [hub.Member] and the chat. What the
// client is told is encoded by the hub in the door's format, so people of all
// doors meet in one space.
//
// # The first server's events
//
// Names and payloads are those of the first server: join-space, chat-message,
// chat-reaction, aframe-update, webrtc-offer, webrtc-answer and
// webrtc-ice-candidate. A client may besides leave a space (leave-space), say
// that it writes (typing {typing}), show a gesture (emote {emote}), change its
// lines (chat-edit {messageId, content}, chat-delete {messageId}), take a
// reaction back (chat-reaction {…, on: false}) and send messages of its own
// application (custom {name, data, to}). Every event can be acknowledged:
// {success: true, …}, or {success: false, error, code, field}. What is refused
// is said by space-error or chat-error as well, and nothing is dropped silently.
//
// The wallet script's objects carry the same events in "type". Any other type is
// the application's own and goes, in order, to the others in the space.
//
// # networked-aframe
//
// A scene's room is "type:id:subspace" or "type:id", for example
// "post:alice/gallery:main". The DLUX front end joins the parts with hyphens
// instead ("alice-gallery-main"), which names may hold as well; such a name is
// accepted when it ends in a subspace that begins with "main" and exactly one
// visible post answers to it.
//
// The avatar is the first entity of the client's own that is not persistent and
// has no parent, with position and rotation as components 0 and 1 (the default
// schema), and, for a rig with a head, the first such entity below it. It
// travels as motion, newest wins. Everything else is relayed in order.
//
// # Who owns the goroutines
//
// The transports: a client's messages come one at a time, and everything a
// client keeps here belongs to that sequence. [Doors.Run] adds one goroutine,
// which ends clients whose token expired or was revoked.
package door
