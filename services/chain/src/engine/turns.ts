/** Lets one action run at a time, in the order of calls. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** Runs an action when those before it have ended, however they ended. */
  take<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.last.then(action, action);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}
