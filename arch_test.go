package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows says what each package of the house may import of ours. A folder not
// named here inherits from the folder above it. The picture is in README.md.
var arrows = map[string][]string{
	"":                      {"aggregator", "aggregator/links", "aggregator/matrix", "aggregator/state", "gateway", "gateway/access", "gateway/api", "gateway/auth", "gateway/chat", "gateway/city", "gateway/conn", "gateway/door", "gateway/hub", "gateway/turn", "gateway/ui", "migrations", "spaces", "spaces/bus", "spaces/store"},
	"spaces":                {},
	"spaces/store":          {"spaces"},
	"spaces/bus":            {"spaces"},
	"migrations":            {},
	"aggregator":            {"aggregator/matrix", "aggregator/state", "aggregator/throttle", "spaces", "spaces/bus", "spaces/store"},
	"aggregator/state":      {"spaces"},
	"aggregator/throttle":   {"spaces"},
	"aggregator/matrix":     {"aggregator/state", "spaces"},
	"aggregator/links":      {"spaces", "spaces/store"},
	"gateway":               {"gateway/api", "gateway/auth", "gateway/city", "gateway/conn", "gateway/ui", "gateway/wire", "spaces", "spaces/bus", "spaces/store"},
	"gateway/api":           {"gateway/auth", "gateway/conn", "gateway/turn", "gateway/wire", "spaces", "spaces/store"},
	"gateway/auth":          {"gateway/auth/hive", "gateway/wire", "spaces", "spaces/store"},
	"gateway/auth/hive":     {"spaces"},
	"gateway/city":          {"gateway/conn", "gateway/wire", "spaces", "spaces/bus"},
	"gateway/conn":          {"gateway/wire", "spaces"},
	"gateway/access":        {"gateway/wire", "spaces", "spaces/store"},
	"gateway/chat":          {"gateway/wire", "spaces", "spaces/bus", "spaces/store"},
	"gateway/hub":           {"gateway/conn", "gateway/wire", "spaces", "spaces/bus", "spaces/store"},
	"gateway/door":          {"gateway/conn", "gateway/conn/engineio", "gateway/conn/socketio", "gateway/hub", "gateway/wire", "spaces"},
	"gateway/conn/engineio": {"gateway/conn", "gateway/wire", "spaces"},
	"gateway/conn/socketio": {"gateway/conn", "gateway/conn/engineio", "gateway/wire", "spaces"},
	"gateway/wire":          {"spaces"},
	"gateway/turn":          {"spaces"},
	"gateway/ui":            {},
	"synthetic":             {},
	"deploy/child":          {},
	"deploy/conformance":    {"gateway/conn", "gateway/conn/engineio", "gateway/conn/socketio"},
	"deploy/dendrite":       {"deploy/child"},
	"deploy/devcity":        {"deploy/child", "deploy/dendrite", "deploy/devcity/crowd", "deploy/devcity/town"},
	"deploy/testnats":       {},
	"deploy/testnet":        {},
	"deploy/testpg":         {},
	"deploy/testreport":     {},
	"bench":                 {"gateway/access", "gateway/auth", "gateway/city", "gateway/conn", "gateway/door", "gateway/hub", "gateway/wire", "spaces", "spaces/bus"},
}

// TestArrows keeps the house of the design: an import may only follow an arrow.
func TestArrows(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, "presence"), "/")
		allowed, known := allowedFor(name)
		if !known {
			t.Errorf("%s: no room for this folder in the design; add it to arrows with what it may import", p.ImportPath)
		}
		for _, imported := range p.Imports {
			ours, isOurs := strings.CutPrefix(imported, "presence/")
			if isOurs && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s: no arrow leads there", p.ImportPath, imported)
			}
		}
	}
}

// TestNoHomeserverInModule keeps Dendrite's licence out of our module graph.
func TestNoHomeserverInModule(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "all").Output()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(out, []byte("dendrite")) {
		t.Error("the module graph holds Dendrite; it must stay a module of its own under deploy/")
	}
}

func allowedFor(name string) ([]string, bool) {
	for {
		if allowed, ok := arrows[name]; ok {
			return allowed, true
		}
		cut := strings.LastIndex(name, "/")
		if cut < 0 {
			return nil, false
		}
		name = name[:cut]
	}
}

type listedPackage struct {
	ImportPath string
	Imports    []string
}

func listPackages(t *testing.T) []listedPackage {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []listedPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listedPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}
