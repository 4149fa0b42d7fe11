import type { SystemClock } from "@koinon/runtime/clock";
import type { Hex } from "@koinon/secp256k1/hex";
import type { BlockRef, ExecutionView } from "../../chain-view.ts";
import { assertChain } from "../codec/assert-chain.ts";
import { readBlockHeight, readBlockReference } from "../codec/block-reference.ts";
import { readHash } from "../codec/bytes.ts";
import { readCallMessage } from "../codec/call-message.ts";
import { type Parameter, required } from "../codec/parameter.ts";
import { readTraceCallOptions, readTraceOptions, type TraceOptions } from "../codec/trace-options.ts";
import { TraceBudget } from "../execution/bounded-tracer.ts";
import { createTrace, type Trace, type TraceLimits } from "../execution/tracing.ts";
import { serverError } from "../json-rpc-error.ts";
import type { JsonRpcLimits } from "../limits.ts";
import { type Methods, method } from "../method.ts";
import { requiredBlock, requiredHeader } from "../required-block.ts";

/** What traces read the time from. */
export interface TraceDependencies {
  readonly clock: Pick<SystemClock, "monotonicMs">;
}

/** debug_trace*: what execution does, step by step or call by call. */
export function createTraceMethods(view: ExecutionView, limits: JsonRpcLimits, { clock }: TraceDependencies): Methods {
  const { reader, execution } = view;
  const options = defaulted(readTraceOptions);
  const begin = (): TraceLimits => ({ ...limits, clock, budget: new TraceBudget(limits.traceBytesMax) });
  const traceBlock = (ref: BlockRef, settings: TraceOptions, signal: AbortSignal): Promise<unknown> =>
    traceTransactions(view, ref, settings, begin(), signal);
  return {
    debug_traceTransaction: method([required(readHash), options], ([hash, settings], { signal }) =>
      traceTransaction(view, hash, settings, begin(), signal),
    ),
    debug_traceBlockByNumber: method([required(readBlockHeight), options], ([ref, settings], { signal }) =>
      traceBlock(ref, settings, signal),
    ),
    debug_traceBlockByHash: method([required(readHash), options], ([ref, settings], { signal }) =>
      traceBlock(ref, settings, signal),
    ),
    debug_traceCall: method(
      [required(readCallMessage), required(readBlockReference), defaulted(readTraceCallOptions)],
      async ([message, ref, settings]) => {
        if (ref === "pending") throw serverError("tracing on top of pending is not supported");
        const { hash } = requiredHeader(reader, ref);
        const trace = createTrace(settings, begin());
        const { state, block } = settings;
        const place = { at: hash, state, block, tracer: trace.tracer };
        await execution.call(assertChain(message, reader.config.chainId), place);
        return trace.result();
      },
    ),
  };
}

async function traceTransaction(
  { reader, execution }: ExecutionView,
  hash: Hex,
  settings: TraceOptions,
  limits: TraceLimits,
  signal: AbortSignal,
): Promise<unknown> {
  const place = reader.transaction(hash)?.place;
  if (place === undefined) throw serverError("transaction not found");
  let trace: Trace | undefined;
  const tracerOf = (index: number) => {
    signal.throwIfAborted();
    if (index !== place.index) return undefined;
    // Here and not before: its time begins when its transaction does.
    trace = createTrace(settings, limits);
    return trace.tracer;
  };
  await execution.replay(place.block.hash, tracerOf, place.index);
  return trace?.result();
}

async function traceTransactions(
  { reader, execution }: ExecutionView,
  ref: BlockRef,
  settings: TraceOptions,
  limits: TraceLimits,
  signal: AbortSignal,
): Promise<{ txHash: Hex; result: unknown }[]> {
  const { hash, transactions } = requiredBlock(reader, ref);
  const traces: Trace[] = [];
  await execution.replay(hash, (index) => {
    signal.throwIfAborted();
    const trace = createTrace(settings, limits);
    traces[index] = trace;
    return trace.tracer;
  });
  return transactions.map(({ hash: txHash }, index) => ({ txHash, result: traces[index]?.result() }));
}

/** An optional parameter whose decoder knows its default. */
function defaulted<T>(decode: (value: unknown) => T): Parameter<T> {
  return { decode, isRequired: false };
}
