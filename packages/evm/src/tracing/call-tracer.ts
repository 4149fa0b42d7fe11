import type { Log } from "@koinon/ethereum/log";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { BeginEvent, EndEvent, EnterEvent, ExitEvent, Tracer } from "../tracer.ts";
import { failureMessage } from "./failure-message.ts";
import { toHex } from "./quantity.ts";
import { revertReason } from "./revert-reason.ts";

/** A log in geth's callTracer output. */
export interface CallLog {
  readonly address: Address;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  /** How many calls of the same frame came before. */
  readonly position: Hex;
}

/** A call in geth's callTracer output. */
export interface CallFrame {
  readonly from: Address;
  gas: Hex;
  gasUsed: Hex;
  to?: Address;
  readonly input: Hex;
  output?: Hex;
  error?: string;
  revertReason?: string;
  calls?: CallFrame[];
  logs?: CallLog[];
  value?: Hex;
  readonly type: string;
}

/** The tree of calls of a transaction, in the form of geth's callTracer. */
export class CallTracer implements Tracer {
  private readonly options: { readonly onlyTopCall: boolean; readonly withLog: boolean };
  private readonly stack: CallFrame[] = [];
  private top: CallFrame | undefined;
  private gasLimit = 0n;
  private depth = 0;

  constructor(options: { readonly onlyTopCall?: boolean; readonly withLog?: boolean } = {}) {
    this.options = { onlyTopCall: options.onlyTopCall ?? false, withLog: options.withLog ?? false };
  }

  begin({ transaction }: BeginEvent): void {
    this.gasLimit = transaction.gasLimit;
    this.stack.length = 0;
    this.top = undefined;
  }

  enter({ kind, depth, from, to, value, gas, input }: EnterEvent): void {
    this.depth = depth;
    if (this.options.onlyTopCall && depth > 0) return;
    const frame: CallFrame = {
      from,
      gas: toHex(depth === 0 ? this.gasLimit : gas),
      gasUsed: "0x0",
      to,
      input: bytesToHex(input),
      ...(value === undefined ? {} : { value: toHex(value) }),
      type: kind,
    };
    this.top ??= frame;
    this.stack.push(frame);
  }

  log({ address, topics, data }: Log): void {
    if (!this.options.withLog || (this.options.onlyTopCall && this.depth > 0)) return;
    const frame = this.stack.at(-1);
    if (frame === undefined) return;
    frame.logs ??= [];
    frame.logs.push({ address, topics, data: bytesToHex(data), position: toHex(frame.calls?.length ?? 0) });
  }

  exit(event: ExitEvent): void {
    this.depth = event.depth - 1;
    if (this.options.onlyTopCall && event.depth > 0) return;
    const frame = this.stack.pop();
    if (frame === undefined) return;
    frame.gasUsed = toHex(event.gasUsed);
    finish(frame, event);
    const parent = this.stack.at(-1);
    if (parent === undefined) return;
    parent.calls ??= [];
    parent.calls.push(frame);
  }

  end({ gasUsed }: EndEvent): void {
    if (this.top === undefined) return;
    this.top.gasUsed = toHex(gasUsed);
    if (this.options.withLog) dropFailedLogs(this.top, false);
  }

  /** The transaction's own call with everything below; undefined before there was a transaction. */
  result(): CallFrame | undefined {
    return this.top;
  }
}

function finish(frame: CallFrame, { failure, output, frame: ended }: ExitEvent): void {
  if (failure === undefined) {
    if (output.length > 0) frame.output = bytesToHex(output);
    return;
  }
  frame.error = failureMessage(failure, ended);
  if (frame.type === "CREATE" || frame.type === "CREATE2") delete frame.to;
  if (failure !== "REVERTED" || output.length === 0) return;
  frame.output = bytesToHex(output);
  const reason = revertReason(output);
  if (reason !== undefined) frame.revertReason = reason;
}

/** What a failed call logged, and the calls below it, did not happen. */
function dropFailedLogs(frame: CallFrame, parentFailed: boolean): void {
  const failed = parentFailed || frame.error !== undefined;
  if (failed) delete frame.logs;
  for (const call of frame.calls ?? []) dropFailedLogs(call, failed);
}
