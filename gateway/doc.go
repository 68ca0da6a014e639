// Package gateway is everything a browser talks to, behind one handler: REST
// (package api), the city feed's sockets and event streams (package city), the
// embedded page (package ui), health, readiness and metrics.
//
// It adds what holds for all of them: every refusal has the one form of
// [presence/gateway/wire.Problem], a panic ends one request, bodies and headers
// are bounded, other web origins see only what an operator allowed, and
// requests are logged and counted without their query, where a credential may
// be.
//
// Start with [New]; [Gateway.Handler] is the whole web server without a
// network, and [Gateway.Run] puts it on one. Run owns the listeners and one
// goroutine for each; sockets belong to package city, whose own Run tells them
// goodbye.
package gateway
