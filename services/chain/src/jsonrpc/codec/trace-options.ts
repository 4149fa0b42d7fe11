import type { BlockOverrides, StateOverrides } from "../../chain-view.ts";
import { serverError } from "../json-rpc-error.ts";
import { ObjectReader, readBoolean } from "./object.ts";
import { readBlockOverrides, readStateOverrides } from "./overrides.ts";
import { malformed } from "./value-error.ts";

/** Which tracer, and its settings; geth's default is the log of all instructions. */
export type TracerChoice =
  | {
      readonly name: "structLog";
      readonly enableMemory: boolean;
      readonly disableStack: boolean;
      readonly disableStorage: boolean;
      readonly enableReturnData: boolean;
      /** Bytes of JSON after which no more instructions are recorded; 0 for no limit. */
      readonly limitBytes: number;
    }
  | { readonly name: "callTracer"; readonly onlyTopCall: boolean; readonly withLog: boolean }
  | {
      readonly name: "prestateTracer";
      readonly diffMode: boolean;
      readonly disableCode: boolean;
      readonly disableStorage: boolean;
      readonly includeEmpty: boolean;
    }
  | { readonly name: "4byteTracer" };

/** The last parameter of debug_trace*. */
export interface TraceOptions {
  readonly tracer: TracerChoice;
  readonly timeoutMs: number | undefined;
}

/** The last parameter of debug_traceCall. */
export interface TraceCallOptions extends TraceOptions {
  readonly state: StateOverrides | undefined;
  readonly block: BlockOverrides | undefined;
}

const nothing = {};

/** Reads the settings of a trace; undefined gives the defaults. */
export function readTraceOptions(value: unknown): TraceOptions {
  const members = new ObjectReader(value ?? nothing, "trace config");
  return { tracer: readTracer(members), timeoutMs: members.optional("timeout", readDurationMs) };
}

/** Reads the settings of a traced call. */
export function readTraceCallOptions(value: unknown): TraceCallOptions {
  const members = new ObjectReader(value ?? nothing, "trace config");
  if (members.has("txIndex")) throw malformed("txIndex is not supported, trace on top of a block");
  return {
    ...readTraceOptions(value),
    state: members.optional("stateOverrides", readStateOverrides),
    block: members.optional("blockOverrides", readBlockOverrides),
  };
}

function readTracer(members: ObjectReader): TracerChoice {
  const name = members.optional("tracer", (value) => value);
  const settings = members.optional("tracerConfig", (value) => new ObjectReader(value, "tracerConfig"));
  const flag = (from: ObjectReader | undefined, member: string): boolean =>
    from?.optional(member, readBoolean) ?? false;
  switch (name) {
    case undefined:
    case "":
      return {
        name: "structLog",
        enableMemory: flag(members, "enableMemory"),
        disableStack: flag(members, "disableStack"),
        disableStorage: flag(members, "disableStorage"),
        enableReturnData: flag(members, "enableReturnData"),
        limitBytes: members.optional("limit", readLimit) ?? 0,
      };
    case "callTracer":
      return { name, onlyTopCall: flag(settings, "onlyTopCall"), withLog: flag(settings, "withLog") };
    case "prestateTracer":
      return readPrestateChoice((member) => flag(settings, member));
    case "4byteTracer":
      return { name };
    default:
      throw malformed("there is no such tracer: want callTracer, prestateTracer, 4byteTracer or none");
  }
}

function readPrestateChoice(flag: (member: string) => boolean): TracerChoice {
  const choice = {
    name: "prestateTracer",
    diffMode: flag("diffMode"),
    disableCode: flag("disableCode"),
    disableStorage: flag("disableStorage"),
    includeEmpty: flag("includeEmpty"),
  } as const;
  if (choice.diffMode && choice.includeEmpty) throw serverError("cannot use diffMode with includeEmpty");
  return choice;
}

function readLimit(value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw malformed("limit is not a count");
  return value;
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/** A duration as Go writes it, with one unit: "500ms", "10s", "1.5m". */
function readDurationMs(value: unknown): number {
  const match = typeof value === "string" ? /^(\d{1,9}(?:\.\d{1,9})?)(ms|s|m)$/.exec(value) : null;
  const unit = units[match?.[2] ?? ""];
  if (match === null || unit === undefined) throw malformed("timeout is not a duration like 5s");
  return Number(match[1]) * unit;
}
