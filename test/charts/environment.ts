import { type Container, type Manifest, ofKind } from "./manifests.ts";

/** What Kubernetes would put in place of references. */
export interface ClusterFacts {
  /** Values of Secrets by variable. */
  secret(name: string, key: string): string;
  readonly podName: string;
}

/** Every pod's, where there is no network to have one in. */
export const podAddress = "10.1.2.3";

/** The environment that a container would be started with: ConfigMaps first, then its own entries, `$(NAME)` expanded. */
export function environmentOf(
  container: Container,
  manifests: readonly Manifest[],
  facts: ClusterFacts,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const { configMapRef } of container.envFrom ?? []) {
    const map = ofKind(manifests, "ConfigMap").get(configMapRef.name);
    if (map === undefined) throw new Error(`${container.name} refers to a missing ConfigMap ${configMapRef.name}`);
    Object.assign(environment, map.data);
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    if (valueFrom?.secretKeyRef !== undefined) {
      environment[name] = facts.secret(valueFrom.secretKeyRef.name, valueFrom.secretKeyRef.key);
    } else if (valueFrom?.fieldRef?.fieldPath === "metadata.name") {
      environment[name] = facts.podName;
    } else if (valueFrom?.fieldRef?.fieldPath === "status.podIP") {
      environment[name] = podAddress;
    } else {
      environment[name] = (value ?? "").replaceAll(/\$\((\w+)\)/g, (_, other: string) => environment[other] ?? "");
    }
  }
  return environment;
}
