import { GatewayCallError } from "./fault.ts";

/** Reads members of a JSON answer, so that what the pages see has the shape they expect. Throws ANSWER_NOT_UNDERSTOOD. */
export class AnswerReader {
  readonly #value: unknown;
  readonly #where: string;

  constructor(value: unknown, where: string) {
    this.#value = value;
    this.#where = where;
  }

  /** The member of this object. */
  member(name: string): AnswerReader {
    const { value } = this;
    const object = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : this.#refuse();
    return new AnswerReader(object[name], `${this.#where}.${name}`);
  }

  get value(): unknown {
    return this.#value;
  }

  list<T>(read: (item: AnswerReader) => T): T[] {
    if (!Array.isArray(this.#value)) return this.#refuse();
    return this.#value.map((item, index) => read(new AnswerReader(item, `${this.#where}[${index}]`)));
  }

  nullable<T>(read: (reader: AnswerReader) => T): T | null {
    return this.#value === null || this.#value === undefined ? null : read(this);
  }

  text(): string {
    return typeof this.#value === "string" ? this.#value : this.#refuse();
  }

  oneOf<T extends string>(values: readonly T[]): T {
    return values.find((value) => value === this.#value) ?? this.#refuse();
  }

  flag(): boolean {
    return typeof this.#value === "boolean" ? this.#value : this.#refuse();
  }

  count(): number {
    return Number.isSafeInteger(this.#value) && (this.#value as number) >= 0 ? (this.#value as number) : this.#refuse();
  }

  /** A decimal string of micro-credits or units. */
  amount(): bigint {
    const text = this.text();
    return /^\d{1,39}$/.test(text) ? BigInt(text) : this.#refuse();
  }

  #refuse(): never {
    throw new GatewayCallError({ code: "ANSWER_NOT_UNDERSTOOD", where: this.#where });
  }
}
