// The scene: A-Frame with parts of our own. Loaded only when somebody wants to
// see it in three dimensions.

import AFRAME, { type Entity, type Scene } from "aframe";
import * as THREE from "three";
import type { Body } from "../body";
import { hueOf } from "../color";
import type { Emote } from "../emotes";
import type { Motion } from "../motion";
import type { Progress } from "../pictures";
import type { Plan } from "../plan";
import type { Talk } from "../slate";
import { Controls } from "./controls";
import { Crowd, type Person } from "./crowd";
import { Headset } from "./headset";
import { dispose, tint } from "./kit";
import { Models } from "./models";
import { Pictures } from "./pictures";
import { type Built, buildPlace, type Content } from "./place";

export type { Person } from "./crowd";
export type { Content } from "./place";

export interface Options {
  plan: Plan;
  content: Content;
  night: boolean;
  isCalm: boolean; // the visitor asked for less motion
  subject(): string; // whose hands are shown
  body: Body;
  motion: Motion;
  onStep(): void; // after every frame
  onEmote(emote: Emote): void; // by a controller
  onSay(text: string): void; // likewise
  onHeadset(isOn: boolean): void;
  onPictures(progress: Progress): void;
  onLost(): void; // the graphics card gave up
}

// Pixels of the longer side: four of a degree all around, and more than a
// picture on a wall covers of a screen.
const mostAround = 4096;
const mostFramed = 1024;

export class World {
  private built!: Built;
  private crowd!: Crowd;
  private controls: Controls;
  private headset: Headset | null = null;
  private people: readonly Person[] = [];
  private talk: Talk = { lines: [], canWrite: false };
  private time = 0;
  private isClosed = false;
  private readonly pictures = new Pictures();
  private readonly models = new Models();
  private readonly fog = new THREE.Fog(0, 1, 1000);

  constructor(
    private readonly scene: Scene,
    private readonly rig: Entity,
    private readonly eye: Entity,
    private options: Options,
  ) {
    this.controls = new Controls(scene, options.body, (x, y) => this.tapped(x, y));
    this.build();
    scene.addEventListener("enter-vr", () => this.enteredVR());
    scene.addEventListener("exit-vr", () => this.leftVR());
    scene.renderer.domElement.addEventListener("webglcontextlost", () => options.onLost());
  }

  show(people: readonly Person[]): void {
    this.people = people;
    this.crowd.show(people);
  }

  // chat is what the slate in a headset shows.
  chat(talk: Talk): void {
    this.talk = talk;
    this.headset?.write(talk);
  }

  emote(session: string, word: string): void {
    this.crowd.emote(session, word);
  }

  // dress builds the place anew for another hour of the day or other content.
  dress(change: Partial<Pick<Options, "night" | "content" | "plan">>): void {
    const before = this.options;
    this.options = { ...before, ...change };
    const { plan, content, night } = this.options;
    if (plan === before.plan && content === before.content && night === before.night) return;
    this.tearDown();
    this.build();
    this.crowd.show(this.people);
  }

  stick(ahead: number, aside: number): void {
    this.controls.stick(ahead, aside);
  }

  async enterVR(): Promise<void> {
    await this.scene.enterVR();
  }

  close(): void {
    this.isClosed = true;
    this.controls.dispose();
    this.tearDown();
    this.scene.remove();
  }

  step(ms: number): void {
    const dt = Math.min(0.1, ms / 1000);
    this.time += dt;
    const { body } = this.options;
    if (this.headset && this.scene.is("vr-mode")) {
      this.headset.update(this.scene.camera, dt);
    } else {
      body.step(this.controls.apply(dt), dt);
      this.rig.object3D.position.set(body.x, 0, body.z);
      this.rig.object3D.rotation.set(0, body.yaw, 0);
      this.eye.object3D.position.y = body.pose.p.y;
      this.eye.object3D.rotation.set(body.pitch, 0, 0);
    }
    const eye = this.eye.object3D;
    this.crowd.update(dt, eye.getWorldPosition(new THREE.Vector3()), eye.getWorldDirection(new THREE.Vector3()).negate());
    if (!this.options.isCalm) this.built.animate?.(this.time);
    this.options.onStep();
  }

  private build(): void {
    const { plan, content, night, motion, isCalm } = this.options;
    this.built = buildPlace(plan, content, night);
    const { fog, light } = this.built;
    const sun = new THREE.DirectionalLight(light.sun, light.sunStrength);
    sun.position.set(...light.from);
    this.built.group.add(new THREE.HemisphereLight(light.sky, light.ground, light.strength), sun);
    this.crowd = new Crowd(motion, night, isCalm);
    const root = this.scene.object3D;
    root.add(this.built.group, this.crowd.group);
    root.fog = fog ? this.fog : null;
    if (fog) {
      this.fog.color.copy(fog.color);
      [this.fog.near, this.fog.far] = [fog.near, fog.far];
    }
    root.background = fog ? fog.color.clone() : null;
    this.hangPictures(this.built);
    this.standModel(this.built);
  }

  // hangPictures puts up each picture when it comes, unless the place was built
  // anew or closed meanwhile.
  private hangPictures(built: Built): void {
    const { plan, content, onPictures } = this.options;
    const addresses = built.hang ? content.pictures : [];
    const most = Math.min(this.scene.renderer.capabilities.maxTextureSize, plan.kind === "360" ? mostAround : mostFramed);
    const progress: Progress = { of: addresses.length, shown: 0, failed: 0 };
    onPictures({ ...progress });
    for (const [n, address] of addresses.entries()) {
      void this.pictures.load(address, most).then((picture) => {
        if (this.built !== built || this.isClosed) return;
        if (picture) built.hang?.(picture, n);
        progress[picture ? "shown" : "failed"]++;
        onPictures({ ...progress });
      });
    }
  }

  private standModel(built: Built): void {
    const { content, onPictures } = this.options;
    if (!built.stand || content.model === "") return;
    onPictures({ of: 1, shown: 0, failed: 0 });
    void this.models.load(content.model).then((model) => {
      if (this.built !== built || this.isClosed) return;
      if (model) built.stand?.(model);
      onPictures({ of: 1, shown: model ? 1 : 0, failed: model ? 0 : 1 });
    });
  }

  private tearDown(): void {
    this.crowd.dispose();
    for (const group of [this.built.group, this.crowd.group]) {
      this.scene.object3D.remove(group);
      dispose(group);
    }
  }

  // A tap on the ground walks there.
  private tapped(x: number, y: number): void {
    const box = this.scene.renderer.domElement.getBoundingClientRect();
    const at = new THREE.Vector2(((x - box.left) / box.width) * 2 - 1, 1 - ((y - box.top) / box.height) * 2);
    const ray = new THREE.Raycaster();
    ray.setFromCamera(at, this.scene.camera);
    const hit = ray.ray.intersectPlane(new THREE.Plane(new THREE.Vector3(0, 1, 0)), new THREE.Vector3());
    const { body } = this.options;
    if (hit && hit.distanceTo(ray.ray.origin) < 40) body.go(hit.x, hit.z);
  }

  private enteredVR(): void {
    const { body, subject, onHeadset } = this.options;
    if (!this.headset) {
      this.headset = new Headset(this.rig.object3D, this.scene.renderer, body, this.options, tint(0.66, 0.15, hueOf(subject())));
      this.scene.object3D.add(...this.headset.marks);
      this.headset.write(this.talk);
    }
    // The headset gives the height of the head from the floor.
    this.eye.object3D.position.set(0, 0, 0);
    this.eye.object3D.rotation.set(0, 0, 0);
    this.headset.enter();
    onHeadset(true);
  }

  private leftVR(): void {
    this.headset?.leave(this.scene.camera);
    this.options.onHeadset(false);
  }
}

// canEnterVR tells whether a headset is there.
export async function canEnterVR(): Promise<boolean> {
  try {
    return (await navigator.xr?.isSessionSupported("immersive-vr")) === true;
  } catch {
    return false;
  }
}

const worlds = new WeakMap<Scene, World>();

// A developer's tool that writes HTML and would load itself from another host.
delete AFRAME.components.inspector;

AFRAME.registerComponent("presence-world", {
  tick(_time: number, ms: number) {
    worlds.get(this.el.sceneEl)?.step(ms);
  },
});

// openWorld puts a scene into the host and returns once it is drawn.
export async function openWorld(host: HTMLElement, options: Options): Promise<World> {
  const scene = element("a-scene", {
    embedded: "",
    "xr-mode-ui": "enabled: false",
    "loading-screen": "enabled: false",
    "device-orientation-permission-ui": "enabled: false",
    "keyboard-shortcuts": "enterVR: false; exitVR: false",
    light: "defaultLightsEnabled: false",
    renderer: "antialias: true; foveationLevel: 0.5",
    webxr: "requiredFeatures: local-floor; optionalFeatures: bounded-floor, hand-tracking",
  }) as Scene;
  const rig = element("a-entity", { "presence-world": "" }) as Entity;
  const eye = element("a-entity", { camera: "fov: 70; near: 0.05; far: 400", position: `0 ${options.body.pose.p.y} 0` }) as Entity;
  rig.append(eye);
  scene.append(rig);
  host.append(scene);
  if (!scene.hasLoaded) await new Promise((resolve) => scene.addEventListener("loaded", resolve, { once: true }));
  // So that arrow keys scroll no page and readers know what this is.
  scene.renderer.domElement.setAttribute("aria-hidden", "true");
  const world = new World(scene, rig, eye, options);
  worlds.set(scene, world);
  return world;
}

function element(name: string, attributes: Record<string, string>): HTMLElement {
  const el = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) el.setAttribute(key, value);
  return el;
}
