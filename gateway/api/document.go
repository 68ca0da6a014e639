package api

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// document is the OpenAPI document in both spellings, encoded once.
type document struct{ yaml, json []byte }

func encodeDocument(h huma.API) (document, error) {
	yaml, err := h.OpenAPI().YAML()
	if err != nil {
		return document{}, fmt.Errorf("encode the OpenAPI document as YAML: %w", err)
	}
	text, err := json.Marshal(h.OpenAPI())
	if err != nil {
		return document{}, fmt.Errorf("encode the OpenAPI document as JSON: %w", err)
	}
	return document{yaml: yaml, json: text}, nil
}

func (d document) serveYAML(w http.ResponseWriter, _ *http.Request) {
	serveDocument(w, "application/openapi+yaml", d.yaml)
}

func (d document) serveJSON(w http.ResponseWriter, _ *http.Request) {
	serveDocument(w, "application/openapi+json", d.json)
}

func serveDocument(w http.ResponseWriter, mediaType string, text []byte) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(text) // the client went away
}
