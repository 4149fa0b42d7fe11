import { Component, type ReactNode } from "react";
import { CannotStart } from "./cannot-start.tsx";

/** Catches what a component throws while rendering: a blank page would say nothing. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, { readonly error: unknown }> {
  override state: { readonly error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown): { readonly error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    return this.state.error === null ? this.props.children : <CannotStart error={this.state.error} />;
  }
}
