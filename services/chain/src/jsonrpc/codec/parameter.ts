import { invalidParams } from "../json-rpc-error.ts";
import { ValueError } from "./value-error.ts";

/** Reads a JSON value; throws ValueError. */
export type Decode<T> = (value: unknown) => T;

/** A positional parameter. */
export interface Parameter<T> {
  readonly decode: Decode<T>;
  /** False when it may be left out or null. */
  readonly isRequired: boolean;
}

/** A parameter that must be there. */
export function required<T>(decode: Decode<T>): Parameter<T> {
  return { decode, isRequired: true };
}

/** A parameter that may be left out or null, which gives the fallback. */
export function optional<T>(decode: Decode<T>): Parameter<T | undefined>;
export function optional<T, const F>(decode: Decode<T>, fallback: F): Parameter<T | F>;
export function optional<T, F>(decode: Decode<T>, fallback?: F): Parameter<T | F | undefined> {
  return { decode: (value) => (value === undefined || value === null ? fallback : decode(value)), isRequired: false };
}

/** Decodes positional parameters; throws JsonRpcError `INVALID_PARAMS` that names the position. */
export function decodeArguments(parameters: readonly Parameter<unknown>[], values: readonly unknown[]): unknown[] {
  if (values.length > parameters.length) throw invalidParams(`too many arguments, want at most ${parameters.length}`);
  return parameters.map(({ decode, isRequired }, index) => {
    const value = values[index];
    if (isRequired && (value === undefined || value === null)) {
      throw invalidParams(`missing value for required argument ${index}`);
    }
    try {
      return decode(value);
    } catch (error) {
      if (error instanceof ValueError) throw invalidParams(`invalid argument ${index}: ${error.fault.reason}`);
      throw error;
    }
  });
}
