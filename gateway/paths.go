package gateway

import (
	"net/http"
	"net/url"
	"strings"
)

// spaceRoots are the paths below which the type and the id of a space come
// next, documentRoots those below which the id of a document does.
var (
	spaceRoots    = []string{"/api/spaces/", "/api/chat/", "/api/presence/spaces/"}
	documentRoots = []string{"/api/documents/", "/api/presence/documents/"}
)

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
		if rest, found := strings.CutPrefix(path, root); found {
			if spaceType, id, more := strings.Cut(rest, "/"); more {
				return root + spaceType + "/" + joined(spaceType, id)
			}
			return path
		}
	}
	for _, root := range documentRoots {
		if id, found := strings.CutPrefix(path, root); found {
			return root + joined("document", id)
		}
	}
	return path
}

// joined is what a path has from the id on, with the id in one segment.
func joined(spaceType, path string) string {
	owner, rest, _ := strings.Cut(path, "/")
	if permlink, _, _ := strings.Cut(rest, "/"); permlink == "" || !splits(spaceType, owner) {
		return path
	}
	return owner + "%2F" + rest
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
