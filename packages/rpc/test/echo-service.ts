import { DomainError } from "@koinon/errors/domain-error";
import { bindService, type FaultRule, type ServiceBinding, type ServiceLimits } from "../src/binding.ts";
import type { CallContext } from "../src/handler.ts";
import { type EchoRequest, type EchoResponse, EchoServiceDefinition } from "./gen/echo.ts";

type EchoFault =
  | { code: "TOO_SHY"; text: string; needed: bigint; missing?: string }
  | { code: "TIRED" }
  | { code: "UNLISTED" };
class EchoError extends DomainError<EchoFault> {}

const faults: Record<"TOO_SHY" | "TIRED", FaultRule> = {
  TOO_SHY: "FAILED_PRECONDITION",
  TIRED: { status: "RESOURCE_EXHAUSTED", retryAfterMs: 1500 },
};

export function echoRequest(fields: Partial<EchoRequest> = {}): EchoRequest {
  return { text: "", payload: Buffer.alloc(0), count: 0, number: 0n, ...fields };
}

/** What the handlers saw, for assertions about the server's side. */
export class EchoWitness {
  readonly contexts: CallContext[] = [];
  /** Keep only the last context, for servers that live long. */
  lastOnly = false;
  produced = 0;
  consumed = 0;
  finished = 0;

  enter(context: CallContext): void {
    if (this.lastOnly) this.contexts.length = 0;
    this.contexts.push(context);
  }

  get last(): CallContext {
    const context = this.contexts.at(-1);
    if (context === undefined) throw new Error("no call was handled");
    return context;
  }
}

export function createEchoService(witness: EchoWitness, limits: Partial<ServiceLimits> = {}): ServiceBinding {
  const respond = (request: EchoRequest, context: CallContext, index = 0): EchoResponse => ({
    text: request.text,
    payload: request.payload,
    index,
    number: request.number,
    caller: context.caller,
  });
  const unary = async (request: EchoRequest, context: CallContext): Promise<EchoResponse> => {
    witness.enter(context);
    try {
      await behave(request.text, context);
      return respond(request, context);
    } finally {
      witness.finished += 1;
    }
  };
  return bindService({
    definition: EchoServiceDefinition,
    callers: ["gateway", "market"],
    faults,
    limits,
    handlers: {
      unary,
      repeatable: unary,
      download: async function* (request, context) {
        witness.enter(context);
        try {
          for (let index = 0; index < request.count; index += 1) {
            witness.produced += 1;
            yield respond(request, context, index);
          }
          await behave(request.text, context);
        } finally {
          witness.finished += 1;
        }
      },
      upload: async (requests, context) => {
        witness.enter(context);
        let size = 0;
        try {
          for await (const request of requests) {
            witness.consumed += 1;
            size += request.payload.length;
            if (request.text === "enough") break;
            await behave(request.text, context);
          }
          return { ...respond(echoRequest(), context), number: BigInt(size), index: witness.consumed };
        } finally {
          witness.finished += 1;
        }
      },
      chat: async function* (requests, context) {
        witness.enter(context);
        let index = 0;
        try {
          for await (const request of requests) {
            await behave(request.text, context);
            yield respond(request, context, index);
            index += 1;
          }
        } finally {
          witness.finished += 1;
        }
      },
    },
  });
}

async function behave(text: string, context: CallContext): Promise<void> {
  if (text === "shy") throw new EchoError({ code: "TOO_SHY", text: "grüß", needed: 7n });
  if (text === "tired") throw new EchoError({ code: "TIRED" });
  if (text === "unlisted") throw new EchoError({ code: "UNLISTED" });
  if (text === "bug") throw new TypeError("a secret of the server");
  if (text === "hang") await new Promise(() => {});
  if (text === "wait") {
    await new Promise((_, reject) => {
      if (context.signal.aborted) reject(context.signal.reason);
      context.signal.addEventListener("abort", () => reject(context.signal.reason));
    });
  }
}
