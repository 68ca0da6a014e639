package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// pictureHost serves pictures and models to pages of any origin, from an origin
// of its own, and returns that.
func pictureHost(t *testing.T) string {
	t.Helper()
	host := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		var content bytes.Buffer
		switch path.Ext(r.URL.Path) {
		case ".png":
			_ = png.Encode(&content, image.NewGray(image.Rect(0, 0, 64, 32))) // a buffer takes it
		case ".glb":
			content.Write(triangle())
		}
		_, _ = w.Write(content.Bytes()) // the browser went away; the test says so
	}))
	t.Cleanup(host.Close)
	return host.URL
}

// triangle is a binary glTF file of one triangle with a picture on it.
func triangle() []byte {
	var body bytes.Buffer
	_ = binary.Write(&body, binary.LittleEndian, []float32{0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 1})
	var paint bytes.Buffer
	_ = png.Encode(&paint, image.NewGray(image.Rect(0, 0, 8, 8)))
	body.Write(paint.Bytes())
	for body.Len()%4 != 0 {
		body.WriteByte(0)
	}
	head := fmt.Sprintf(`{"asset":{"version":"2.0"},"scene":0,"scenes":[{"nodes":[0]}],"nodes":[{"mesh":0}],
"meshes":[{"primitives":[{"attributes":{"POSITION":0,"TEXCOORD_0":1},"material":0}]}],
"materials":[{"pbrMetallicRoughness":{"baseColorTexture":{"index":0}}}],"textures":[{"source":0}],"images":[{"bufferView":2,"mimeType":"image/png"}],
"buffers":[{"byteLength":%d}],"bufferViews":[{"buffer":0,"byteLength":36},{"buffer":0,"byteOffset":36,"byteLength":24},{"buffer":0,"byteOffset":60,"byteLength":%d}],
"accessors":[{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3","min":[0,0,0],"max":[2,2,0]},{"bufferView":1,"componentType":5126,"count":3,"type":"VEC2"}]}`, body.Len(), paint.Len())
	for len(head)%4 != 0 {
		head += " "
	}
	chunk := func(kind string, data []byte) []byte {
		return append(append(binary.LittleEndian.AppendUint32(nil, uint32(len(data))), kind...), data...)
	}
	chunks := append(chunk("JSON", []byte(head)), chunk("BIN\x00", body.Bytes())...)
	start := binary.LittleEndian.AppendUint32([]byte("glTF"), 2)
	return append(binary.LittleEndian.AppendUint32(start, uint32(len(chunks)+12)), chunks...)
}

// postPictures brings a panorama whose picture the host has, a gallery of two
// pictures, one of them from a host that nobody allowed, a scene with a model,
// one whose model is none, and a world in VRML.
func (w *world) postPictures(host string) {
	w.t.Helper()
	elsewhere := strings.Replace(host, "127.0.0.1", "localhost", 1)
	posts := fmt.Sprintf(`{"author":"alice","permlink":"river","type":"360","title":"The river","content":"%s/river.png","created_at":"2026-05-01T12:00:00Z"}
{"author":"alice","permlink":"two","type":"art","title":"Two","content":"%s/one.png and %s/two.png","created_at":"2026-05-01T12:00:00Z"}
{"author":"alice","permlink":"house","type":"aframe","title":"The house","content":"%s/house.glb","created_at":"2026-05-01T12:00:00Z"}
{"author":"alice","permlink":"ruin","type":"vrml","title":"The ruin","content":"%s/ruin.gltf","created_at":"2026-05-01T12:00:00Z"}
{"author":"alice","permlink":"old","type":"vrml","title":"Of 1997","content":"%s/old.wrl","created_at":"2026-05-01T12:00:00Z"}
`, host, host, elsewhere, host, host, host)
	file := filepath.Join(w.t.TempDir(), "posts.jsonl")
	if err := os.WriteFile(file, []byte(posts), 0o600); err != nil {
		w.t.Fatal(err)
	}
	output(w.t, "post", "import", file, "--data="+w.data)
}

// pictures is of somebody who looks at posts with pictures and models of their
// own.
func (p *program) pictures(t *testing.T) {
	t.Helper()
	v := p.visitorWith(t, []chromedp.ExecAllocatorOption{chromedp.Flag("ignore-certificate-errors", true)}, "/space/post/alice/river")
	v.sees("the panorama with its picture", `[data-kind="360"] [data-scene="shown"][data-pictures="shown"]`)
	v.run("go on", chromedp.Navigate(p.base+"/space/post/alice/two"))
	v.sees("that a picture is missing", `[data-kind="art"] [data-scene="shown"][data-pictures="failed"]`)
	v.holds("words about it", `document.querySelector(".picture-note").textContent.startsWith("1 of 2 pictures could not be loaded")`)

	v.run("go on", chromedp.Navigate(p.base+"/space/post/alice/house"))
	v.sees("the model", `[data-kind="aframe"] [data-scene="shown"][data-pictures="shown"]`)
	v.holds("its paint", `(() => { let painted = false; document.querySelector("a-scene").object3D.traverse((o) => { painted ||= o.material?.isMeshStandardMaterial && o.material.map?.image.width === 8; }); return painted; })()`)
	v.run("go on", chromedp.Navigate(p.base+"/space/post/alice/ruin"))
	v.sees("that a model is missing", `[data-kind="vrml"] [data-scene="shown"][data-pictures="failed"]`)
	v.holds("words about it", `document.querySelector(".picture-note").textContent.startsWith("The model of this place could not be loaded")`)
	v.run("go on", chromedp.Navigate(p.base+"/space/post/alice/old"))
	v.sees("a drawn place", `[data-kind="vrml"] [data-scene="shown"]`)
	v.holds("words about VRML", `document.querySelector(".picture-note").textContent.startsWith("This post brings a VRML file")`)
}
