package ui

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"path"
	"strings"
)

// all: because .gitkeep, which keeps the folder in a fresh clone, would
// otherwise be left out and the pattern would match nothing.
//
//go:embed all:dist
var dist embed.FS

// Dist returns the client that was built into this binary. It holds nothing to
// show when the binary was built without `make build`.
func Dist() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the name is a constant and a valid path
	}
	return files
}

// file is one thing to serve, with both bodies ready.
type file struct {
	body        []byte
	gzipped     []byte // nil when the build made none
	contentType string
	etag        string
}

// readFiles reads everything under root except what only the build needs. Keys
// are URL paths.
func readFiles(root fs.FS) (map[string]file, error) {
	files := map[string]file{}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || isBuildFile(name) {
			return err
		}
		f, err := readFile(root, name)
		if err != nil {
			return err
		}
		files["/"+name] = f
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read web client: %w", err)
	}
	return files, nil
}

func isBuildFile(name string) bool {
	return strings.HasSuffix(name, ".gz") || strings.HasPrefix(path.Base(name), ".")
}

func readFile(root fs.FS, name string) (file, error) {
	body, err := fs.ReadFile(root, name)
	if err != nil {
		return file{}, err
	}
	f := file{body: body, contentType: contentType(name), etag: etag(body)}
	if gzipped, err := fs.ReadFile(root, name+".gz"); err == nil {
		f.gzipped = gzipped
	}
	return f, nil
}

// contentType does not ask the operating system, whose tables differ and once
// made browsers refuse scripts as text/plain.
func contentType(name string) string {
	switch ext := path.Ext(name); ext {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json", ".map":
		return "application/json"
	default:
		if known := mime.TypeByExtension(ext); known != "" {
			return known
		}
		return "application/octet-stream"
	}
}

func etag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}
