//go:build !unix

package bus

import "os"

// lockFile only makes the file: systems without flock rely on their operator
// not to start two processes on one folder.
func lockFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
}
