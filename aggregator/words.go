package aggregator

import (
	"errors"
	"fmt"
	"net/http"

	"presence/aggregator/matrix"
)

// errDatabase marks failures of the store among those of the homeserver.
var errDatabase = errors.New("the database does not answer")

// words says a failure without addresses or other systems' texts: the status
// is shown to everybody who looks at the city. The log has the rest.
func words(f matrix.Failure, err error) string {
	switch {
	case errors.Is(err, errDatabase):
		return errDatabase.Error()
	case f.Kind == matrix.RateLimited:
		return "the homeserver asks us to slow down"
	case f.Kind == matrix.SoftLogout, f.Kind == matrix.LoggedOut:
		return "the daemon's session has ended; logging in again"
	case f.Kind == matrix.Locked:
		return "the homeserver has locked or deactivated the daemon's account; unlock it there"
	case f.Status == 0:
		return "the homeserver does not answer"
	case f.Status < http.StatusMultipleChoices:
		return "the homeserver answers something that is not Matrix"
	default:
		return fmt.Sprintf("the homeserver answers with status %d", f.Status)
	}
}
