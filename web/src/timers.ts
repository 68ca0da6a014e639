// Timers by name: setting one again replaces it.

export class Timers {
  private readonly running = new Map<string, ReturnType<typeof setTimeout>>();

  set(name: string, ms: number, then: () => void): void {
    this.cancel(name);
    this.running.set(
      name,
      setTimeout(() => {
        this.running.delete(name);
        then();
      }, ms),
    );
  }

  has(name: string): boolean {
    return this.running.has(name);
  }

  cancel(name: string): void {
    clearTimeout(this.running.get(name));
    this.running.delete(name);
  }

  cancelAll(): void {
    for (const name of [...this.running.keys()]) this.cancel(name);
  }
}
