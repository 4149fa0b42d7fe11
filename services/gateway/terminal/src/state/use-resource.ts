import { useEffect } from "react";
import type { Resource, ResourceState } from "./resource.ts";
import { useStore } from "./use-store.ts";

/** The resource's state, kept fresh while the component is on the page. */
export function useResource<T>(resource: Resource<T>, intervalMs: number): ResourceState<T> {
  useEffect(() => resource.watch(intervalMs), [resource, intervalMs]);
  return useStore(resource.state);
}
