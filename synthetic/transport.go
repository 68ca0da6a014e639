package synthetic

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

var errCut = errors.New("connection cut by the synthetic homeserver")

// Transport carries requests to the server in memory, without sockets, so
// that it works in the fake time of testing/synctest. A handler that aborts
// shows as a cut connection.
func (s *Server) Transport() http.RoundTripper { return memory{s} }

type memory struct{ handler http.Handler }

// RoundTrip runs the handler in a goroutine that ends with the request's
// context, which every handler of the server watches while it waits.
func (m memory) RoundTrip(req *http.Request) (*http.Response, error) {
	done := make(chan *http.Response, 1)
	seen := req.Clone(req.Context())
	if seen.Body == nil {
		seen.Body = http.NoBody
	}
	go func() {
		defer func() {
			if gone := recover(); gone != nil {
				if gone != http.ErrAbortHandler { //nolint:errorlint // a panic value, compared as net/http does
					panic(gone)
				}
				done <- nil
			}
		}()
		w := &recorder{header: http.Header{}, status: http.StatusOK}
		m.handler.ServeHTTP(w, seen)
		done <- w.response(req) //nolint:bodyclose // the caller's, and only memory
	}()
	select {
	case res := <-done:
		if res == nil {
			return nil, errCut
		}
		return res, nil
	case <-req.Context().Done():
		<-done
		return nil, req.Context().Err()
	}
}

// recorder keeps a response in memory.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) Write(p []byte) (int, error) { return w.body.Write(p) }
func (w *recorder) WriteHeader(status int)      { w.status = status }

func (w *recorder) response(req *http.Request) *http.Response {
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: req,
	}
}
