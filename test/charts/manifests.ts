import { parseAllDocuments } from "yaml";
import { helm } from "./helm.ts";

/** A rendered Kubernetes object; only what the tests read is typed. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly spec?: Record<string, unknown>;
  readonly data?: Record<string, string>;
}

/** Renders the umbrella chart under the release name `net`. */
export function render(values: object): Manifest[] {
  const { status, stdout, stderr } = helm(["template", "net", "koinon"], values);
  if (status !== 0) throw new Error(`helm template failed: ${stderr}`);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

/** The objects of one kind, by name. */
export function ofKind(manifests: readonly Manifest[], kind: string): Map<string, Manifest> {
  return new Map(manifests.filter((each) => each.kind === kind).map((each) => [each.metadata.name, each]));
}
