package api

import (
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// optional is an object or null, and is documented as that: huma by itself
// leaves the null of a pointer to a struct out of the document.
type optional[T any] struct{ value *T }

// MarshalJSON writes the object or null.
func (o optional[T]) MarshalJSON() ([]byte, error) { return json.Marshal(o.value) }

// Schema describes the object or null to huma.
func (optional[T]) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{r.Schema(reflect.TypeFor[T](), true, ""), {Type: "null"}}}
}
