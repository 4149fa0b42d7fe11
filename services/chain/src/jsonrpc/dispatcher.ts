import { setImmediate as nextTurn } from "node:timers/promises";
import type { Logger } from "@koinon/runtime/logger";
import { Deadline } from "./deadline.ts";
import { faultToWire, type JsonRpcError, type WireError } from "./json-rpc-error.ts";
import {
  errorText,
  isMalformed,
  type JsonRpcRequest,
  type MalformedRequest,
  parseRequest,
  type RequestId,
  resultText,
} from "./message.ts";
import { parseMessage } from "./message-text.ts";
import type { CallContext, Method, MethodTable } from "./method.ts";

/** Bounds on what one message may ask for. */
export interface DispatchLimits {
  /** Calls in a batch. */
  readonly batchMax: number;
  /** Characters of a batch's responses together; what would come after them is refused. */
  readonly responseLengthMax: number;
  /** Milliseconds for all calls of a message; calls not begun by then are refused. */
  readonly requestTimeoutMs: number;
}

/** What the dispatcher needs. */
export interface DispatchDependencies {
  readonly methods: MethodTable;
  readonly log: Logger;
  /** The answer that something thrown stands for; undefined when it is nobody's business but the operator's. */
  translate(error: unknown): JsonRpcError | undefined;
  /** Told of every call; a method that does not exist is "unknown", so that there are only so many names. */
  answered?(method: string, outcome: CallOutcomeKind): void;
}

/** How a call ended. */
export type CallOutcomeKind = "result" | "error";

/** Calls of a batch that are carried out in one step: neighbours that their method takes together, else one. */
interface Step {
  readonly requests: JsonRpcRequest[];
  readonly method: Method | undefined;
}

/** Answers JSON-RPC 2.0 messages. */
export class Dispatcher {
  readonly #limits: DispatchLimits;
  readonly #methods: MethodTable;
  readonly #dependencies: DispatchDependencies;

  constructor(limits: DispatchLimits, dependencies: DispatchDependencies) {
    this.#limits = limits;
    this.#methods = dependencies.methods;
    this.#dependencies = dependencies;
  }

  /** Answers the text of a message; undefined when it holds notifications alone. Never throws. */
  async answer(text: string, context: CallContext): Promise<string | undefined> {
    let message: unknown;
    try {
      message = parseMessage(text);
    } catch {
      return errorText(null, faultToWire({ code: "PARSE_ERROR", message: "parse error" }));
    }
    using deadline = new Deadline(context.signal, this.#limits.requestTimeoutMs);
    const bounded: CallContext = { ...context, signal: deadline.signal };
    if (!Array.isArray(message)) {
      const [answer] = await this.#answerAll([parseRequest(message)], bounded);
      return answer;
    }
    const { batchMax } = this.#limits;
    if (message.length === 0) return refusal(null, "empty batch");
    const requests = message.map(parseRequest);
    if (requests.length > batchMax) return `[${refusal(firstId(requests), "batch too large")}]`;
    const answers = await this.#answerAll(requests, bounded);
    return answers.length === 0 ? undefined : `[${answers.join(",")}]`;
  }

  async #answerAll(requests: readonly (JsonRpcRequest | MalformedRequest)[], context: CallContext): Promise<string[]> {
    const answers: string[] = [];
    let length = 0;
    let isFirst = true;
    for (const step of this.#steps(requests)) {
      if ("problem" in step) {
        answers.push(refusal(step.id, step.problem, step.code));
        continue;
      }
      // A call may take a whole slice of the thread; others get their turn between two of them.
      if (!isFirst) await nextTurn();
      isFirst = false;
      for (const answer of await this.#carryOut(step, context, length)) {
        if (answer === undefined) continue;
        answers.push(answer);
        length += answer.length;
      }
    }
    return answers;
  }

  *#steps(requests: readonly (JsonRpcRequest | MalformedRequest)[]): Generator<Step | MalformedRequest> {
    let step: Step | undefined;
    for (const request of requests) {
      if (isMalformed(request)) {
        if (step !== undefined) yield step;
        step = undefined;
        yield request;
        continue;
      }
      const method = this.#methods.get(request.method);
      if (step !== undefined && method !== undefined && method.callEach !== undefined && step.method === method) {
        step.requests.push(request);
        continue;
      }
      if (step !== undefined) yield step;
      step = { requests: [request], method };
    }
    if (step !== undefined) yield step;
  }

  async #carryOut(
    { requests, method }: Step,
    context: CallContext,
    lengthBefore: number,
  ): Promise<(string | undefined)[]> {
    const refuseAll = (error: WireError): (string | undefined)[] =>
      requests.map(({ id, method: name }) => {
        this.#dependencies.answered?.(method === undefined ? "unknown" : name, "error");
        return id === undefined ? undefined : errorText(id, error);
      });
    if (method === undefined) {
      const name = requests[0]?.method.slice(0, 100);
      const message = `the method ${name} does not exist/is not available`;
      return refuseAll(faultToWire({ code: "METHOD_NOT_FOUND", message }));
    }
    if (context.signal.aborted) return refuseAll(faultToWire({ code: "TIMEOUT", message: "request timed out" }));
    if (lengthBefore > this.#limits.responseLengthMax) {
      return refuseAll(faultToWire({ code: "RESPONSE_TOO_LARGE", message: "response too large" }));
    }
    const outcomes = await this.#call(requests, method, context);
    return requests.map(({ id, method: name }, index) => {
      const outcome = outcomes[index];
      this.#dependencies.answered?.(name, outcome?.status === "fulfilled" ? "result" : "error");
      const text = this.#outcomeText(id ?? null, name, outcome, context);
      return id === undefined ? undefined : text;
    });
  }

  async #call(
    requests: readonly JsonRpcRequest[],
    method: Method,
    context: CallContext,
  ): Promise<readonly PromiseSettledResult<unknown>[]> {
    const [first] = requests;
    if (method.callEach !== undefined && requests.length > 1) {
      return method.callEach(
        requests.map(({ params }) => params),
        context,
      );
    }
    return Promise.allSettled([(async () => method.call(first?.params ?? [], context))()]);
  }

  #outcomeText(
    id: RequestId,
    name: string,
    outcome: PromiseSettledResult<unknown> | undefined,
    { signal }: CallContext,
  ): string {
    if (outcome?.status === "fulfilled") {
      const text = resultText(id, outcome.value);
      if (text.length <= this.#limits.responseLengthMax) return text;
      return errorText(id, faultToWire({ code: "RESPONSE_TOO_LARGE", message: "response too large" }));
    }
    return errorText(id, this.#wireError(name, outcome?.reason, signal));
  }

  #wireError(name: string, error: unknown, signal: AbortSignal): WireError {
    const told = this.#dependencies.translate(error);
    if (told !== undefined) return faultToWire(told.fault);
    if (signal.aborted && error === signal.reason) {
      return faultToWire({ code: "TIMEOUT", message: "request timed out" });
    }
    this.#dependencies.log.error({ err: error, method: name }, "a JSON-RPC method failed");
    return faultToWire({ code: "INTERNAL_ERROR", message: "internal error" });
  }
}

/** What the one answer to a batch that is too large answers to, as in geth. */
function firstId(requests: readonly (JsonRpcRequest | MalformedRequest)[]): RequestId {
  return requests.find(({ id }) => id !== undefined && id !== null)?.id ?? null;
}

function refusal(
  id: RequestId,
  message: string,
  code: "INVALID_REQUEST" | "INVALID_PARAMS" = "INVALID_REQUEST",
): string {
  return errorText(id, faultToWire({ code, message }));
}
