package synthetic

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// ServeHTTP answers the client API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// call is one request on its way through an endpoint.
type call struct {
	w       http.ResponseWriter
	r       *http.Request
	session *session // nil where no token is needed
	fault   Fault
	cut     <-chan struct{} // closed when the request is to be cut
}

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	open := func(pattern, endpoint string, do func(*call)) {
		mux.HandleFunc(pattern, s.endpoint(endpoint, false, do))
	}
	authed := func(pattern, endpoint string, do func(*call)) {
		mux.HandleFunc(pattern, s.endpoint(endpoint, true, do))
	}
	const v3 = " /_matrix/client/v3"
	open("GET /_matrix/client/versions", "versions", s.serveVersions)
	open("POST"+v3+"/login", "login", s.serveLogin)
	open("POST"+v3+"/refresh", "refresh", s.serveRefresh)
	authed("GET"+v3+"/account/whoami", "whoami", s.serveWhoami)
	authed("POST"+v3+"/user/{user}/filter", "filter", s.serveFilter)
	authed("GET"+v3+"/sync", "sync", s.serveSync)
	authed("GET"+v3+"/presence/{user}/status", "presence", s.servePresence)
	authed("PUT"+v3+"/presence/{user}/status", "presence", s.serveSetPresence)
	authed("GET"+v3+"/joined_rooms", "joined_rooms", s.serveJoinedRooms)
	authed("GET"+v3+"/rooms/{room}/joined_members", "joined_members", s.serveJoinedMembers)
	authed("POST"+v3+"/join/{room}", "join", s.serveJoin)
	authed("POST"+v3+"/rooms/{room}/leave", "leave", s.serveLeave)
	authed("GET"+v3+"/directory/room/{alias}", "directory", s.serveDirectory)
	authed("PUT"+v3+"/rooms/{room}/typing/{user}", "typing", s.serveTyping)
	authed("POST"+v3+"/rooms/{room}/receipt/{kind}/{event}", "receipt", s.serveReceipt)
	authed("PUT"+v3+"/rooms/{room}/send/{kind}/{txn}", "send", s.serveSend)
	mux.HandleFunc("/", s.endpoint("unknown", false, func(c *call) {
		writeError(c.w, http.StatusNotFound, "M_UNRECOGNIZED", "Unrecognized request", nil)
	}))
	return mux
}

// endpoint wraps a handler in what may happen to any request.
func (s *Server) endpoint(name string, authed bool, do func(*call)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		down, cut := s.down, s.cut
		s.mu.Unlock()
		if down {
			panic(http.ErrAbortHandler)
		}
		c := &call{w: w, r: r, fault: s.takeFault(name), cut: cut}
		c.sleep(c.fault.Delay)
		if c.fault.Status != 0 {
			c.answerFault()
			return
		}
		if authed {
			if c.session = s.authenticate(w, r); c.session == nil {
				return
			}
		}
		if c.fault.Lost {
			c.w = discard{header: http.Header{}}
			do(c)
			panic(http.ErrAbortHandler)
		}
		c.serve(do)
	}
}

// serve does the work, and keeps the answer back for as long as the fault says.
func (c *call) serve(do func(*call)) {
	if c.fault.Late == 0 {
		do(c)
		return
	}
	w, late := c.w, &recorder{header: c.w.Header(), status: http.StatusOK}
	c.w = late
	do(c)
	c.sleep(c.fault.Late)
	w.WriteHeader(late.status)
	_, _ = w.Write(late.body.Bytes())
}

// sleep waits, or ends the request when it is cut or given up.
func (c *call) sleep(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.cut:
		panic(http.ErrAbortHandler)
	case <-c.r.Context().Done():
		panic(http.ErrAbortHandler)
	}
}

func (c *call) answerFault() {
	c.w.Header().Set("Content-Type", "application/json")
	for key, value := range c.fault.Header {
		c.w.Header().Set(key, value)
	}
	c.w.WriteHeader(c.fault.Status)
	_, _ = c.w.Write([]byte(c.fault.Body))
}

// body decodes the request's JSON; an empty or broken one leaves v as it is.
func (c *call) body(v any) { _ = json.NewDecoder(c.r.Body).Decode(v) }

func (c *call) answer(v any) { writeJSON(c.w, http.StatusOK, v) }

func (c *call) refuse(status int, code, text string) { writeError(c.w, status, code, text, nil) }

// discard is a response nobody receives.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(mustJSON(v))
}

func writeError(w http.ResponseWriter, status int, code, text string, extra map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(matrixError(code, text, extra)))
}

func matrixError(code, text string, extra map[string]any) string {
	fields := map[string]any{"errcode": code, "error": text}
	maps.Copy(fields, extra)
	return string(mustJSON(fields))
}

func mustJSON(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("synthetic: encode: %v", err))
	}
	return text
}

func seconds(d time.Duration) string {
	return strconv.Itoa(int((d + time.Second - 1) / time.Second))
}
