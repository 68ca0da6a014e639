// Pictures from the network, drawn onto canvases of a bounded size, so that no
// post can fill a graphics card.

import { sheet } from "./kit";

const patience = 30_000; // ms
const mostPixels = 80_000_000; // of what came: a decoded pixel takes four bytes

export class Pictures {
  private readonly known = new Map<string, Promise<HTMLCanvasElement | null>>();

  // load answers with null when the picture cannot be had. One that came once
  // is kept; one that did not is asked for again the next time.
  load(address: string, most: number): Promise<HTMLCanvasElement | null> {
    const before = this.known.get(address);
    if (before) return before;
    const coming = fetchImage(address)
      .then((image) => shrink(image, most))
      .catch(() => {
        this.known.delete(address);
        return null;
      });
    this.known.set(address, coming);
    return coming;
  }
}

function fetchImage(address: string): Promise<HTMLImageElement> {
  return new Promise((resolve, reject) => {
    const image = new Image();
    // The graphics card takes only what its host lets others read.
    image.crossOrigin = "anonymous";
    const timer = setTimeout(() => {
      reject(new Error("the picture did not come in time"));
      image.src = "";
    }, patience);
    image.onload = () => {
      clearTimeout(timer);
      resolve(image);
    };
    image.onerror = () => {
      clearTimeout(timer);
      reject(new Error("the picture could not be loaded"));
    };
    image.src = address;
  });
}

function shrink(image: HTMLImageElement, most: number): HTMLCanvasElement {
  const { naturalWidth: w, naturalHeight: h } = image;
  if (w === 0 || h === 0 || w * h > mostPixels) throw new Error(`a picture of ${w} by ${h} pixels is not shown`);
  const scale = Math.min(1, most / Math.max(w, h));
  const [canvas, c] = sheet(Math.max(1, Math.round(w * scale)), Math.max(1, Math.round(h * scale)));
  c.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
}
