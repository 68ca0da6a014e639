// One value and those who look at it.

export class Store<S, E> {
  private readonly watchers = new Set<() => void>();

  constructor(
    private value: S,
    private readonly reduce: (state: S, event: E) => S,
  ) {}

  get state(): S {
    return this.value;
  }

  dispatch = (event: E): void => {
    const next = this.reduce(this.value, event);
    if (next === this.value) return;
    this.value = next;
    for (const watch of this.watchers) watch();
  };

  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
}
