// Models of posts: glTF from the network, read with bounds, because what a post
// names is somebody else's. Only shapes and their paint are kept.

import * as THREE from "three";
import type { GLTFParser } from "three/examples/jsm/loaders/GLTFLoader.js";
import { sheet } from "./kit";

const patience = 30_000; // ms
const mostBytes = 32 << 20; // of a model with all its parts
const mostNumbered = 6_000_000; // entries of all accessors, which may claim any size
const mostNodes = 2_000;
const mostImages = 32;
const mostMeshes = 500; // each is a call to draw
const mostCorners = 2_000_000;
const mostImagePixels = 40_000_000; // of what came
const mostTexture = 1024; // pixels of the longer side
// Metres: what is larger is shown smaller, and what is tiny larger.
const widest = 8;
const tallest = 6;
const smallest = 1.5;
// There is nothing around that metal could mirror: it would be black.
const mostMetal = 0.35;

export class Models {
  private readonly known = new Map<string, Promise<THREE.Object3D | null>>();

  constructor(private readonly fetch: typeof globalThis.fetch = (...args) => globalThis.fetch(...args)) {}

  // load answers with a model that stands on the ground and fits into a place,
  // or null when it cannot be had. One that came once is kept; one that did not
  // is asked for again the next time.
  load(address: string): Promise<THREE.Object3D | null> {
    const before = this.known.get(address);
    if (before) return before;
    const coming = this.read(address).catch((e: unknown) => {
      console.warn(`the model at ${address} is not shown:`, e);
      this.known.delete(address);
      return null;
    });
    this.known.set(address, coming);
    return coming;
  }

  private async read(address: string): Promise<THREE.Object3D> {
    const ending = AbortSignal.timeout(patience);
    // A model whose parts wait for one another would be waited for for ever.
    const late = new Promise<never>((_, reject) => ending.addEventListener("abort", () => reject(new Error("it did not come in time"))));
    const source = new Source(address, this.fetch, ending);
    // Most places show no model; who enters them need not load its reader.
    const { GLTFLoader } = await import("three/examples/jsm/loaders/GLTFLoader.js");
    const loader = new GLTFLoader();
    loader.register((parser) => bounded(parser, source));
    const coming = source.whole().then((data) => loader.parseAsync(data, ""));
    return fit(clean((await Promise.race([coming, late])).scene));
  }
}

// Source is where a model comes from: all its parts together may not be larger
// than the bound, and come from the host of the model itself.
class Source {
  private left = mostBytes;

  constructor(
    private readonly address: string,
    private readonly fetch: typeof globalThis.fetch,
    private readonly ending: AbortSignal,
  ) {}

  whole(): Promise<ArrayBuffer> {
    return this.get(new URL(this.address));
  }

  async part(name: string): Promise<ArrayBuffer> {
    const inline = /^data:[^,]*;base64,/.exec(name);
    if (inline) return Uint8Array.from(atob(name.slice(inline[0].length)), (c) => c.charCodeAt(0)).buffer;
    const at = new URL(name, this.address);
    if (at.origin !== new URL(this.address).origin) throw new Error(`its part ${at.href} is elsewhere`);
    return this.get(at);
  }

  private async get(at: URL): Promise<ArrayBuffer> {
    const answer = await this.fetch(at.href, { credentials: "omit", referrerPolicy: "no-referrer", signal: this.ending });
    if (!answer.ok || !answer.body) throw new Error(`its host answered ${answer.status}`);
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const reader = answer.body.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      chunks.push(next.value as Uint8Array<ArrayBuffer>);
      this.left -= next.value.length;
      if (this.left >= 0) continue;
      void reader.cancel();
      throw new Error("it is too large");
    }
    return await new Blob(chunks).arrayBuffer();
  }
}

// Parts is as much of the parser's inside as is replaced, because it would ask
// any address for buffers, and the policy of the page forbids its blob: addresses.
interface Parts {
  json: { buffers?: { uri?: string }[]; images?: { uri?: string; bufferView?: number; mimeType?: string }[]; accessors?: { count?: number }[]; nodes?: unknown[] };
  loadBuffer(index: number): Promise<ArrayBuffer>;
  loadImageSource(index: number): Promise<THREE.Texture>;
  getDependency(type: string, index: number): Promise<ArrayBuffer>;
}

function bounded(parser: GLTFParser, source: Source): { name: string } {
  const parts = parser as unknown as Parts;
  const { buffers = [], images = [], accessors = [], nodes = [] } = parts.json;
  const numbered = accessors.reduce((n, a) => n + (a.count ?? 0), 0);
  if (!(numbered <= mostNumbered) || images.length > mostImages || nodes.length > mostNodes) throw new Error("it has too many parts");
  const own = parts.loadBuffer.bind(parser);
  parts.loadBuffer = (index) => {
    const uri = buffers[index]?.uri;
    return uri === undefined ? own(index) : source.part(uri);
  };
  const painted = new Map<number, Promise<THREE.Texture>>();
  parts.loadImageSource = (index) => {
    const before = painted.get(index);
    if (before) return before.then((texture) => texture.clone());
    const { bufferView, uri = "", mimeType = "" } = images[index] ?? {};
    const coming = (bufferView === undefined ? source.part(uri) : parts.getDependency("bufferView", bufferView)).then((data) => paintOf(new Blob([data], { type: mimeType })));
    painted.set(index, coming);
    return coming;
  };
  return { name: "presence_bounds" };
}

async function paintOf(image: Blob): Promise<THREE.Texture> {
  const bitmap = await createImageBitmap(image);
  const { width: w, height: h } = bitmap;
  if (w * h > mostImagePixels) throw new Error(`a picture of ${w} by ${h} pixels`);
  const scale = Math.min(1, mostTexture / Math.max(w, h));
  const [canvas, c] = sheet(Math.max(1, Math.round(w * scale)), Math.max(1, Math.round(h * scale)));
  c.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new THREE.CanvasTexture(canvas);
}

// clean leaves what is to be seen: a place has its own light.
function clean(model: THREE.Object3D): THREE.Object3D {
  let [meshes, corners] = [0, 0];
  const others: THREE.Object3D[] = [];
  model.traverse((o) => {
    const { isLight, isCamera } = o as { isLight?: boolean; isCamera?: boolean };
    if (isLight || isCamera) others.push(o);
    const { geometry, material, count = 1 } = o as THREE.InstancedMesh;
    if (!geometry) return;
    meshes++;
    corners += (geometry.index?.count ?? geometry.getAttribute("position")?.count ?? 0) * count;
    for (const m of [material].flat() as THREE.MeshPhysicalMaterial[]) {
      if (m.metalness > mostMetal) m.metalness = mostMetal;
      if (m.transmission > 0) m.transmission = 0; // draws the whole place twice
    }
  });
  if (meshes > mostMeshes || corners > mostCorners) throw new Error(`it has ${meshes} meshes with ${corners} corners`);
  for (const o of others) o.removeFromParent();
  return model;
}

function fit(model: THREE.Object3D): THREE.Object3D {
  const box = new THREE.Box3().setFromObject(model);
  const size = box.getSize(new THREE.Vector3());
  const most = Math.max(size.x, size.y, size.z);
  if (!(most > 0) || most === Infinity) throw new Error("there is nothing in it");
  const over = Math.max(size.x / widest, size.z / widest, size.y / tallest);
  const scale = over > 1 ? 1 / over : Math.max(1, smallest / most);
  const middle = box.getCenter(new THREE.Vector3());
  model.position.sub(new THREE.Vector3(middle.x, box.min.y, middle.z));
  const stand = new THREE.Group();
  stand.scale.setScalar(scale);
  return stand.add(model);
}
