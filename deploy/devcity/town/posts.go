package town

import (
	_ "embed"
	"fmt"
	"os"
)

//go:embed posts.jsonl
var posts []byte

// WritePosts writes the posts of the city as presence post import reads them:
// one or two of each kind, and a document, so that every kind of space is there
// to walk into.
func WritePosts(file string) error {
	if err := os.WriteFile(file, posts, 0o600); err != nil {
		return fmt.Errorf("write the posts: %w", err)
	}
	return nil
}
