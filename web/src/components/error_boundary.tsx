import { Component, type ReactNode } from 'react';

interface Props {
  fallback: ReactNode;
  children: ReactNode;
}

/** Keeps a page's fault from taking the whole app away; a new `key` gives it a fresh start. */
export class ErrorBoundary extends Component<Props, { has_failed: boolean }> {
  override state = { has_failed: false };

  static getDerivedStateFromError() {
    return { has_failed: true };
  }

  override render() {
    return this.state.has_failed ? this.props.fallback : this.props.children;
  }
}
