import * as THREE from "three";
import { afterEach, describe, expect, test, vi } from "vitest";
import { isOldModel, modelOf } from "../../src/space/models";
import { Models } from "../../src/space/scene/models";

const own = "http://127.0.0.1:8080";
const model = (address: unknown) => ({ model: address, links: [] });

describe("the model of a post", () => {
  test("is shown in places for models", () => {
    const address = "https://models.example.org/house.glb";
    expect([modelOf("vrml", model(address), own), modelOf("aframe", model(address), own), modelOf("art", model(address), own)]).toEqual([address, address, ""]);
    expect(modelOf("vrml", model("/assets/house.gltf"), own)).toBe(`${own}/assets/house.gltf`);
  });

  test.each(["http://a.example/x.glb", "https://a.example/x.wrl", "javascript:alert(1)//x.glb", "https://u:p@a.example/x.glb", "data:model/gltf-binary;base64,AA.glb", "", 7, null, undefined])("%s is none", (address) => {
    expect(modelOf("vrml", model(address), own)).toBe("");
  });

  test("VRML is known for what it is", () => {
    expect(isOldModel("vrml", { links: ["https://a.example/world.wrl"] }, own)).toBe(true);
    expect(isOldModel("vrml", { links: ["https://a.example/world.wrl.gz", 7] }, own)).toBe(true);
    expect(isOldModel("vrml", { links: ["https://a.example/about.html"] }, own)).toBe(false);
    expect(isOldModel("blog", { links: ["https://a.example/world.wrl"] }, own)).toBe(false);
    expect(isOldModel("vrml", null, own)).toBe(false);
  });
});

const address = "https://models.example.org/a/house.gltf";
const corners = (...at: number[]) => Buffer.from(new Float32Array(at).buffer);
const triangle = corners(0, 0, 0, 40, 0, 0, 0, 20, 0);

const gltf = (more: object = {}, uri = `data:application/octet-stream;base64,${triangle.toString("base64")}`) => ({
  asset: { version: "2.0" }, scene: 0, scenes: [{ nodes: [0] }], nodes: [{ mesh: 0 }], meshes: [{ primitives: [{ attributes: { POSITION: 0 } }] }],
  buffers: [{ byteLength: 36, uri }], bufferViews: [{ buffer: 0, byteLength: 36 }], accessors: [{ bufferView: 0, componentType: 5126, count: 3, type: "VEC3", min: [0, 0, 0], max: [40, 20, 0] }],
  ...more,
});

function models(files: Record<string, BodyInit | null>) {
  const asked: string[] = [];
  const loader = new Models((async (at: string) => {
    asked.push(at);
    const body = files[at];
    return body === undefined ? new Response("", { status: 404 }) : new Response(body);
  }) as typeof fetch);
  return { loader, asked };
}

describe("a model that is loaded", () => {
  afterEach(() => vi.restoreAllMocks());
  const quiet = () => vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const size = (o: THREE.Object3D | null) => new THREE.Box3().setFromObject(o as THREE.Object3D);

  test("stands on the ground in the middle and fits", async () => {
    const { loader } = models({ [address]: JSON.stringify(gltf()) });
    const box = size(await loader.load(address));
    expect([box.min.x, box.max.x, box.min.y, box.max.y].map((v) => Math.round(v * 100) / 100)).toEqual([-4, 4, 0, 4]);
  });

  test("takes parts from its own host only", async () => {
    quiet();
    const near = models({ [address]: JSON.stringify(gltf({}, "house.bin")), "https://models.example.org/a/house.bin": triangle });
    expect(await near.loader.load(address)).not.toBeNull();
    const far = models({ [address]: JSON.stringify(gltf({}, "https://elsewhere.example/x.bin")) });
    expect(await far.loader.load(address)).toBeNull();
    expect(far.asked).toEqual([address]);
  });

  test("is asked for once, and again only when it did not come", async () => {
    quiet();
    const files: Record<string, string> = {};
    const { loader, asked } = models(files);
    expect(await loader.load(address)).toBeNull();
    files[address] = JSON.stringify(gltf());
    const found = await loader.load(address);
    expect(found).not.toBeNull();
    expect(await loader.load(address)).toBe(found);
    expect(asked.length).toBe(2);
  });

  const lonely = { nodes: [{}] };
  test.each<[string, string]>([
    ["no model", "<html>"],
    ["an old version", JSON.stringify({ asset: { version: "1.0" } })],
    ["nothing in it", JSON.stringify(gltf(lonely))],
    ["a claim of endless numbers", JSON.stringify(gltf({ accessors: [{ componentType: 5126, count: 1e12, type: "VEC3" }] }))],
    ["numbers that are none", JSON.stringify(gltf({ accessors: [{ bufferView: 0, componentType: 5126, count: "many", type: "VEC3" }] }))],
    ["too many things", JSON.stringify(gltf({ nodes: Array.from({ length: 3000 }, () => ({})) }))],
    ["a reader it needs and we have not", JSON.stringify(gltf({ extensionsUsed: ["KHR_draco_mesh_compression"], extensionsRequired: ["KHR_draco_mesh_compression"], meshes: [{ primitives: [{ attributes: { POSITION: 0 }, extensions: { KHR_draco_mesh_compression: { bufferView: 0, attributes: { POSITION: 0 } } } }] }] }))],
  ])("is none with %s", async (_, body) => {
    quiet();
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    expect(await models({ [address]: body }).loader.load(address)).toBeNull();
  });

  test("is none when it is too large", async () => {
    quiet();
    const endless = new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(1 << 22)) });
    expect(await models({ [address]: endless }).loader.load(address)).toBeNull();
  });

  test("brings no light and no camera", async () => {
    const { loader } = models({ [address]: JSON.stringify(gltf({ nodes: [{ mesh: 0, children: [1] }, { camera: 0 }], cameras: [{ type: "perspective", perspective: { yfov: 1, znear: 0.1 } }] })) });
    const kinds: string[] = [];
    (await loader.load(address))?.traverse((o) => kinds.push(o.type));
    expect(kinds).not.toContain("PerspectiveCamera");
    expect(kinds).toContain("Mesh");
  });
});
