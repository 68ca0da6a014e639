// As much of A-Frame as this page uses.

declare module "aframe" {
  import type * as THREE from "three";

  export interface Scene extends HTMLElement {
    object3D: THREE.Scene;
    renderer: THREE.WebGLRenderer;
    camera: THREE.Camera;
    hasLoaded: boolean;
    is(state: "vr-mode" | "ar-mode"): boolean;
    enterVR(): Promise<void>;
    exitVR(): Promise<void>;
    resize(): void;
  }

  export interface Entity extends HTMLElement {
    object3D: THREE.Object3D;
    setObject3D(name: string, object: THREE.Object3D): void;
    sceneEl: Scene;
  }

  export interface Component {
    el: Entity;
  }

  const AFRAME: {
    registerComponent<T extends object>(name: string, definition: T & ThisType<T & Component>): void;
    components: Record<string, unknown>;
    utils: { device: { checkHeadsetConnected(): boolean } };
  };
  export default AFRAME;
}
