import "@fontsource-variable/commissioner/flar.css";
import "@fontsource-variable/spline-sans-mono/wght.css";
import "./theme/tokens.css";
import "./theme/base.css";
import { CSPProvider } from "@base-ui/react/csp-provider";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { CannotStart } from "./shell/cannot-start.tsx";
import { ErrorBoundary } from "./shell/error-boundary.tsx";
import { Shell } from "./shell/shell.tsx";
import { createTerminal } from "./terminal.ts";
import { TerminalContext } from "./terminal-context.ts";

const root = createRoot(document.querySelector("#root") as Element);

createTerminal(window).then(
  (terminal) => {
    root.render(
      <StrictMode>
        <CSPProvider disableStyleElements>
          <TerminalContext value={terminal}>
            <ErrorBoundary>
              <Shell />
            </ErrorBoundary>
          </TerminalContext>
        </CSPProvider>
      </StrictMode>,
    );
  },
  (error: unknown) => root.render(<CannotStart error={error} />),
);
