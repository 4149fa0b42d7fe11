import type { ServiceDefinition } from "@koinon/rpc/definition";
import { addressKey } from "./host-config.ts";
import type { Requirement } from "./module.ts";

/** Marks an address as a module instance of the same process. */
export const localAddress = "local:";

/** One module as far as wiring goes. */
export interface Part {
  readonly instance: string;
  readonly provides: readonly ServiceDefinition[];
  readonly requires: readonly Requirement[];
}

/** Where a requirement is met. */
type Resolution =
  | { readonly kind: "local"; readonly instance: string }
  | { readonly kind: "remote"; readonly address: string; readonly server: string }
  | { readonly kind: "absent" };

/** The wiring of a process: how each requirement is met, and the order in which modules start. */
export interface Wiring {
  resolve(instance: string, service: string): Resolution | undefined;
  /** Instances, each after those it calls. */
  readonly startOrder: readonly string[];
}

/**
 * Meets every requirement: by the address configured for its service, else by the module of the process that provides it, else by
 * nothing if it is optional. Problems name both sides.
 */
export function resolveParts(
  parts: readonly Part[],
  addresses: Readonly<Record<string, string | undefined>>,
  problem: (text: string) => void,
): Wiring {
  const resolutions = new Map<string, Resolution>();
  const edges = new Map<string, { to: string; optional: boolean }[]>(parts.map((part) => [part.instance, []]));
  const names = new Set<string>();
  for (const part of parts) {
    if (names.has(part.instance)) problem(`two modules are called ${part.instance}`);
    names.add(part.instance);
    for (const requirement of part.requires) {
      const resolution = resolveOne(part, requirement, parts, addresses[requirement.from], problem);
      resolutions.set(`${part.instance} ${requirement.definition.fullName}`, resolution);
      if (resolution.kind === "local") {
        edges.get(part.instance)?.push({ to: resolution.instance, optional: requirement.optional });
      }
    }
  }
  return {
    resolve: (instance, service) => resolutions.get(`${instance} ${service}`),
    startOrder: startOrder(edges, problem),
  };
}

function resolveOne(
  part: Part,
  requirement: Requirement,
  parts: readonly Part[],
  address: string | undefined,
  problem: (text: string) => void,
): Resolution {
  const { definition, from, optional } = requirement;
  if (address !== undefined && !address.startsWith(localAddress)) return { kind: "remote", address, server: from };
  const wanted = address?.slice(localAddress.length);
  const providers = parts
    .filter((candidate) => candidate.provides.some((provided) => provided.fullName === definition.fullName))
    .filter((candidate) => wanted === undefined || candidate.instance === wanted)
    .map((candidate) => candidate.instance);
  const [first] = providers;
  if (first === undefined) {
    if (!optional) {
      problem(
        `${part.instance} requires ${definition.fullName} from ${from}, which no module of this process provides: run ${from} here or set ${addressKey(from)}`,
      );
    }
    return { kind: "absent" };
  }
  if (providers.length > 1) {
    problem(
      `${part.instance} requires ${definition.fullName}, which ${providers.join(" and ")} provide: set ${addressKey(from)}=${localAddress}<one of them>`,
    );
  }
  return { kind: "local", instance: first };
}

/** Depth first, in the order given; an optional edge that would close a circle does not count, a mandatory one is a problem. */
function startOrder(
  edges: ReadonlyMap<string, readonly { to: string; optional: boolean }[]>,
  problem: (text: string) => void,
): readonly string[] {
  const order: string[] = [];
  const done = new Set<string>();
  const visit = (instance: string, path: readonly string[]): void => {
    if (done.has(instance)) return;
    for (const { to, optional } of edges.get(instance) ?? []) {
      if (![...path, instance].includes(to)) visit(to, [...path, instance]);
      else if (!optional) problem(`modules require each other in a circle: ${[...path, instance, to].join(" → ")}`);
    }
    done.add(instance);
    order.push(instance);
  };
  for (const instance of edges.keys()) visit(instance, []);
  return order;
}
