// Package wire holds the messages between the gateway and its clients: the
// city feed in each of its formats, what a browser may send back, close codes,
// and the one form in which HTTP paths refuse.
//
// Everything here is a pure function from values to bytes or back. Server
// frames of the WebSocket protocol are not masked (RFC 6455 5.1), so the bytes
// of a frame, header included, are built once and written to every socket that
// should get it; see [AppendFrame].
//
// A room is encoded once per change ([EncodeRoom]); snapshots and deltas of all
// formats are put together from those pieces by a [CityEncoder].
package wire
