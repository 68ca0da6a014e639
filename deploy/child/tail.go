package child

import (
	"bytes"
	"io"
	"os"
	"strings"
)

// tailBytes bounds what is read of a log that may be large.
const tailBytes = 16 << 10

// Tail returns the last lines of a file, indented, or says why it cannot.
func Tail(file string, lines int) string {
	text, err := lastBytes(file)
	if err != nil {
		return "  (" + err.Error() + ")"
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return "  (empty)"
	}
	all := strings.Split(string(text), "\n")
	return "  " + strings.Join(all[max(0, len(all)-lines):], "\n  ")
}

func lastBytes(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(f, max(0, info.Size()-tailBytes), tailBytes))
}
