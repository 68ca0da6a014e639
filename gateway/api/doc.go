// Package api is the REST face of the gateway, built with huma: the Go types
// here are at once the validation and the OpenAPI document, which is checked in
// as openapi.yaml so that a change of the API is visible in review. Regenerate
// it with
//
//	go test ./gateway/api -run TestDocument -update
//
// Handlers are thin: huma decodes, a small interface answers, and an error
// becomes the one form of [presence/gateway/wire.Problem]. Who asks is settled
// by middleware before validation, so that a stranger learns nothing from the
// way their input is refused.
//
// The package starts no goroutine and owns no state. Start with [New].
package api
