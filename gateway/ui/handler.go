package ui

import (
	"bytes"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	cityPath = "/city"
	// The build's name for the page; it is not served under this name, so that
	// the city has one address.
	cityFile   = "/index.html"
	spacesPath = "/space/"
	spaceFile  = "/space.html"
	assetsPath = "/assets/"

	forever   = "public, max-age=31536000, immutable"
	askAgain  = "no-cache"
	keepNever = "no-store"
)

// handler is immutable after New.
type handler struct {
	files   map[string]file
	framers string // the origins that may show a space in a frame, as the policy lists them
	media   string // the same of those whose pictures and models a space may show
}

// New returns the handler of the web client: /city, a redirect to it from /,
// the page of every space under /space/, and /assets/. Root is what the build
// left, see [Dist]. Framers are the origins of Matrix clients that may show a
// space as a widget, for example https://app.element.io; nobody may frame the
// city. Media are the origins whose pictures and models the page of a space may
// load, for example https://images.hive.blog or https://*.example.org; the city
// loads none. Both go into the policy as they are, so the caller has checked them.
// Without a build every page answers 503 with the command to run; the rest of
// the gateway is not affected. Anything else is 404, so the handler may be
// mounted as the last resort of a mux.
func New(root fs.FS, framers, media []string) (http.Handler, error) {
	files, err := readFiles(root)
	if err != nil {
		return nil, err
	}
	return &handler{files: files, framers: strings.Join(framers, " "), media: strings.Join(media, " ")}, nil
}

// ServeHTTP answers GET and HEAD.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header(), r, h.openingsOf(r.URL.Path))
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD are possible here", http.StatusMethodNotAllowed)
		return
	}
	switch path := r.URL.Path; {
	case path == "/" || path == cityPath+"/":
		redirect(w, r)
	case path == cityPath:
		h.servePage(w, r, cityFile)
	case strings.HasPrefix(path, spacesPath):
		// Which spaces there are, and for whom, is the API's to tell.
		h.servePage(w, r, spaceFile)
	case strings.HasPrefix(path, assetsPath):
		h.serveAsset(w, r)
	default:
		notFound(w, r)
	}
}

// redirect is temporary: one day the root may be something else, and browsers
// never ask again after a permanent one. The fragment, which may hold a room or
// a token, goes along by itself.
func redirect(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", askAgain)
	http.Redirect(w, r, cityPath, http.StatusFound)
}

// openingsOf is what the operator opened for the page at path: only spaces are
// framed, and only they show pictures of others.
func (h *handler) openingsOf(path string) openings {
	if strings.HasPrefix(path, spacesPath) {
		return openings{framers: h.framers, media: h.media}
	}
	return openings{}
}

func (h *handler) servePage(w http.ResponseWriter, r *http.Request, name string) {
	page, built := h.files[name]
	if !built {
		serveExcuse(w, r, http.StatusServiceUnavailable, notBuilt)
		return
	}
	page.serve(w, r, askAgain)
}

func (h *handler) serveAsset(w http.ResponseWriter, r *http.Request) {
	asset, ok := h.files[r.URL.Path]
	if !ok {
		notFound(w, r)
		return
	}
	asset.serve(w, r, forever)
}

func (f file) serve(w http.ResponseWriter, r *http.Request, cache string) {
	head := w.Header()
	head.Set("Cache-Control", cache)
	head.Set("Content-Type", f.contentType)
	head.Set("ETag", f.etag)
	body := f.body
	if f.gzipped != nil {
		head.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header) {
			body = f.gzipped
			head.Set("Content-Encoding", "gzip")
			// Two bodies of one page are two representations (RFC 9110 8.8.3).
			head.Set("ETag", strings.TrimSuffix(f.etag, `"`)+`-gzip"`)
		}
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// acceptsGzip reads Accept-Encoding as RFC 9110 12.5.3 says: gzip or *, unless
// its weight is 0.
func acceptsGzip(head http.Header) bool {
	accepts := false
	for part := range strings.SplitSeq(strings.Join(head.Values("Accept-Encoding"), ","), ",") {
		coding, params, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			return weight(params) > 0
		case "*":
			accepts = weight(params) > 0
		}
	}
	return accepts
}

func weight(params string) float64 {
	value, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
	if !ok {
		return 1
	}
	q, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return 0
	}
	return q
}

// notFound answers a person with a page and a program with plain text, which
// the gateway puts into its one error form.
func notFound(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		serveExcuse(w, r, http.StatusNotFound, nothingHere)
		return
	}
	w.Header().Set("Cache-Control", keepNever)
	http.Error(w, "there is nothing at this path", http.StatusNotFound)
}

func serveExcuse(w http.ResponseWriter, r *http.Request, status int, page string) {
	head := w.Header()
	head.Set("Cache-Control", keepNever)
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(page)) // the browser went away; there is nobody left to tell
	}
}
