import { BlockList } from "node:net";

/** A pod as policies see it. */
export interface Party {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly address: string;
  /** Container ports by name. */
  readonly ports: Readonly<Record<string, number>>;
}

/** The other end of a connection; outside the cluster there is an address alone. */
export type Peer = Party | { readonly address: string };

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
}

interface PeerRule {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

interface Rule {
  readonly ports?: readonly { readonly port: number | string; readonly protocol?: string }[];
  readonly from?: readonly PeerRule[];
  readonly to?: readonly PeerRule[];
}

/** A NetworkPolicy of the cluster, as far as the charts use the kind. */
export interface Policy {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly podSelector: Selector;
    readonly policyTypes: readonly ("Ingress" | "Egress")[];
    readonly ingress?: readonly Rule[];
    readonly egress?: readonly Rule[];
  };
}

/** Whether policies let a TCP connection out of the pod that opens it and into the pod that it goes to; what no policy selects is open. */
export class Policies {
  readonly #policies: readonly Policy[];
  readonly #namespaceLabels: ReadonlyMap<string, Readonly<Record<string, string>>>;

  constructor(policies: readonly Policy[], namespaceLabels: ReadonlyMap<string, Readonly<Record<string, string>>>) {
    this.#policies = policies;
    this.#namespaceLabels = namespaceLabels;
  }

  letOut(from: Party, to: Peer, port: number): boolean {
    const rules = this.#rules(from, "Egress", ({ egress = [] }) => egress);
    return rules?.some((rule) => opens(rule, to, port) && this.#admits(rule.to, to, from.namespace)) ?? true;
  }

  letIn(from: Peer, to: Party, port: number): boolean {
    const rules = this.#rules(to, "Ingress", ({ ingress = [] }) => ingress);
    return rules?.some((rule) => opens(rule, to, port) && this.#admits(rule.from, from, to.namespace)) ?? true;
  }

  /** Rules of every policy that selects the pod; undefined when none does. */
  #rules(
    pod: Party,
    type: "Ingress" | "Egress",
    of: (spec: Policy["spec"]) => readonly Rule[],
  ): readonly Rule[] | undefined {
    const selecting = this.#policies.filter(
      ({ metadata, spec }) =>
        metadata.namespace === pod.namespace &&
        spec.policyTypes.includes(type) &&
        selects(spec.podSelector, pod.labels),
    );
    return selecting.length === 0 ? undefined : selecting.flatMap(({ spec }) => of(spec));
  }

  #admits(peers: readonly PeerRule[] | undefined, peer: Peer, ownNamespace: string): boolean {
    if (peers === undefined || peers.length === 0) return true;
    return peers.some(({ podSelector, namespaceSelector, ipBlock }) => {
      if (ipBlock !== undefined) return within(peer.address, ipBlock);
      if (!("labels" in peer)) return false;
      const inNamespace =
        namespaceSelector === undefined
          ? peer.namespace === ownNamespace
          : selects(namespaceSelector, this.#namespaceLabels.get(peer.namespace) ?? {});
      return inNamespace && (podSelector === undefined || selects(podSelector, peer.labels));
    });
  }
}

/** A named port is the one that the pod at the accepting end gives that name. */
function opens({ ports }: Rule, accepting: Peer, port: number): boolean {
  if (ports === undefined || ports.length === 0) return true;
  return ports.some(({ port: open, protocol = "TCP" }) => {
    const number = typeof open === "number" ? open : "ports" in accepting ? accepting.ports[open] : undefined;
    return protocol === "TCP" && number === port;
  });
}

function selects({ matchLabels = {} }: Selector, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
}

function within(
  address: string,
  { cidr, except = [] }: { readonly cidr: string; readonly except?: readonly string[] },
): boolean {
  const list = new BlockList();
  const add = (to: BlockList, block: string): BlockList => {
    const [network = "", bits = "32"] = block.split("/");
    to.addSubnet(network, Number(bits));
    return to;
  };
  const excepted = except.reduce(add, new BlockList());
  return add(list, cidr).check(address) && !excepted.check(address);
}
