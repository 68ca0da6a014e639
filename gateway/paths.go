package gateway

import (
	"net/http"
	"net/url"
	"strings"
)

// spaceRoots are the paths below which the type and the id of a space come
// next.
var spaceRoots = []string{"/api/spaces/", "/api/chat/", "/api/presence/spaces/"}

// wholeIDs lets ids that hold a slash be sent as they are: the first server's
// page asks for /api/spaces/post/alice/my-room, its documentation for
// post/alice%2Fmy-room. The mux sees one segment either way. It stands before
// everything that looks at the path.
func wholeIDs(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		escaped := r.URL.EscapedPath()
		if whole := wholeID(escaped); whole != escaped {
			r2 := *r
			u := *r.URL
			u.RawPath = whole // Path, the decoded form, is the same for both
			r2.URL = &u
			r = &r2
		}
		next.ServeHTTP(w, r)
	})
}

// wholeID joins the two parts of an id in an escaped path.
func wholeID(path string) string {
	for _, root := range spaceRoots {
		rest, found := strings.CutPrefix(path, root)
		if !found {
			continue
		}
		parts := strings.SplitN(rest, "/", 4)
		if len(parts) < 3 || !splits(parts[0], parts[1]) || parts[2] == "" {
			return path
		}
		whole := root + parts[0] + "/" + parts[1] + "%2F" + parts[2]
		if len(parts) == 4 {
			whole += "/" + parts[3]
		}
		return whole
	}
	return path
}

// splits reports whether id is but the first part of one: an account, not a
// whole id in its escaped form and not the number of a document.
func splits(spaceType, id string) bool {
	id, err := url.PathUnescape(id)
	if err != nil || id == "" || strings.Contains(id, "/") {
		return false
	}
	switch spaceType {
	case "post":
		return true
	case "document":
		return id[0] < '0' || id[0] > '9' // an account begins with a letter
	}
	return false
}
