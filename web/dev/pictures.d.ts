// pictures are the path of each file below the build's folder, and its text.
export function pictures(): Iterable<[path: string, text: string]>;
