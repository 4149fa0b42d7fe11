/** An asynchronous iterable seen through a function: one promise per item, and leaving early reaches the source. */
export class MappedStream<I, O> implements AsyncIterableIterator<O> {
  readonly #source: AsyncIterator<I>;
  readonly #map: (item: I) => O;

  constructor(source: AsyncIterable<I>, map: (item: I) => O) {
    this.#source = source[Symbol.asyncIterator]();
    this.#map = map;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<O>> {
    const result = await this.#source.next();
    return result.done === true ? { done: true, value: undefined } : { done: false, value: this.#map(result.value) };
  }

  async return(): Promise<IteratorResult<O>> {
    await this.#source.return?.();
    return { done: true, value: undefined };
  }
}
