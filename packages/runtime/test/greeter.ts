import { bindService } from "@koinon/rpc/binding";
import type { MessageType } from "@koinon/rpc/definition";
import type { Client } from "@koinon/rpc/handler";
import { declareConfig, setting } from "../src/config.ts";
import { optionalText } from "../src/config-schemas.ts";
import { healthOf } from "../src/health.ts";
import type { Module, ModuleDefinition, ModuleDependencies } from "../src/module.ts";

function json<T>(): MessageType<T> {
  return {
    encode: (message) => ({ finish: () => Buffer.from(JSON.stringify(message)) }),
    decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as T,
  };
}

interface Greeting {
  readonly text: string;
}

export const GreeterDefinition = {
  name: "Greeter",
  fullName: "test.v1.Greeter",
  methods: {
    greet: {
      name: "Greet",
      requestType: json<Greeting>(),
      requestStream: false,
      responseType: json<Greeting>(),
      responseStream: false,
      options: {},
    },
  },
} as const;
export type GreeterDefinition = typeof GreeterDefinition;

/** What happened, in order. */
export type Events = string[];

export interface GreeterTraits {
  readonly events: Events;
  /** How long an answer takes. */
  readonly answerMs?: number;
  /** An answer waits for it. */
  readonly gate?: Promise<void>;
  readonly quiesced?: () => void;
  readonly failsToStart?: boolean;
  readonly healthy?: () => boolean;
  /** Gets hold of the module's dependencies. */
  readonly created?: (deps: ModuleDependencies) => void;
}

/** Serves greetings. */
export function greeterModule(
  name: string,
  traits: GreeterTraits,
): ModuleDefinition<{ readonly word: string | undefined }> {
  return {
    name,
    config: declareConfig({
      word: setting({ env: "GREETER_WORD", schema: optionalText(), default: "hello", description: "What it says." }),
    }),
    provides: [GreeterDefinition],
    provided: ({ word }) => (word === "silence" ? [] : [GreeterDefinition]),
    requires: [],
    create: async (config, deps) => {
      traits.created?.(deps);
      const greeter = bindService({
        definition: GreeterDefinition,
        callers: ["visitor"],
        faults: {},
        handlers: {
          greet: async ({ text }, { caller, signal }) => {
            await new Promise((resolve, reject) => {
              const timer = setTimeout(() => resolve(traits.gate), traits.answerMs ?? 0);
              signal.addEventListener("abort", () => {
                clearTimeout(timer);
                reject(signal.reason);
              });
            });
            return { text: `${config.word} ${text} from ${caller}` };
          },
        },
      });
      return recorded({ name, services: config.word === "silence" ? [] : [greeter] }, traits);
    },
  };
}

/** Calls greeters. */
export function visitorModule(
  name: string,
  traits: GreeterTraits & {
    readonly optional?: boolean;
    readonly use?: (client: Client<GreeterDefinition> | undefined) => void;
  },
): ModuleDefinition<object> {
  return {
    name,
    config: declareConfig({}),
    provides: [],
    requires: [{ definition: GreeterDefinition, from: "greeter", optional: traits.optional ?? false }],
    create: async (_, deps) => {
      traits.created?.(deps);
      traits.use?.(traits.optional ? deps.optionalClient(GreeterDefinition) : deps.client(GreeterDefinition));
      return recorded({ name, services: [] }, traits);
    },
  };
}

function recorded(part: Pick<Module, "name" | "services">, traits: GreeterTraits): Module {
  const { events } = traits;
  return {
    ...part,
    start: async () => {
      events.push(`start ${part.name}`);
      if (traits.failsToStart === true) throw new Error("no luck");
    },
    quiesce: async () => {
      events.push(`quiesce ${part.name}`);
      traits.quiesced?.();
    },
    stop: async () => void events.push(`stop ${part.name}`),
    health: () => healthOf([{ name: "mood", ok: traits.healthy?.() ?? true }]),
  };
}
