import { lazy, Suspense, useEffect, useState } from "react";
import { ChatPage } from "../chat/view/chat-page.tsx";
import { narrowQuery, useMedia, wideQuery } from "../controls/use-media.ts";
import type { Route } from "../routing/route.ts";
import { useStore } from "../state/use-store.ts";
import { useTerminal } from "../terminal-context.ts";
import { TrustBanner } from "../verification/trust-banner.tsx";
import { NotFoundPage } from "./not-found-page.tsx";
import { pages } from "./pages.ts";
import styles from "./shell.module.css";
import { Sidebar } from "./sidebar.tsx";
import { TabBar } from "./tab-bar.tsx";
import { TopBar } from "./top-bar.tsx";

const ReceiptsPage = lazy(async () => ({ default: (await import("../receipts/receipts-page.tsx")).ReceiptsPage }));
const NetworkPage = lazy(async () => ({ default: (await import("../network/network-page.tsx")).NetworkPage }));
const ContributionsPage = lazy(async () => ({
  default: (await import("../contributions/contributions-page.tsx")).ContributionsPage,
}));
const KeysPage = lazy(async () => ({ default: (await import("../keys/keys-page.tsx")).KeysPage }));
const ProofPanel = lazy(async () => ({ default: (await import("../verification/panel/proof-panel.tsx")).ProofPanel }));

/** The frame around the pages. */
export function Shell() {
  const { router, openProof } = useTerminal();
  const route = useStore(router.route);
  const proof = useStore(openProof);
  const isNarrow = useMedia(narrowQuery);
  const isWide = useMedia(wideQuery);
  // The panel stays to fade out after it has been closed.
  const [hadProof, setHadProof] = useState(false);
  if (proof !== null && !hadProof) setHadProof(true);
  useEffect(() => {
    document.title = titleOf(route);
  }, [route]);
  const place = route.page === "chat" ? `chat ${route.conversationId}` : route.page;
  useEffect(() => {
    // Another place is about something else than the proof that is open.
    if (place !== "") openProof.set(null);
  }, [place, openProof]);
  return (
    <div className={styles.shell} data-panel={(proof !== null && isWide) || undefined}>
      <a className={styles.skip} href="#main">
        Skip to content
      </a>
      {!isNarrow && <Sidebar />}
      <div className={styles.stage}>
        {isNarrow && <TopBar />}
        <TrustBanner />
        <main id="main" className={styles.main} tabIndex={-1}>
          <Suspense fallback={<p className={styles.loading}>Loading…</p>}>
            <Page route={route} />
          </Suspense>
        </main>
        {isNarrow && <TabBar />}
      </div>
      {hadProof && (
        <Suspense fallback={null}>
          <ProofPanel isBeside={isWide} />
        </Suspense>
      )}
    </div>
  );
}

function Page({ route }: { readonly route: Route }) {
  switch (route.page) {
    case "chat":
      return <ChatPage conversationId={route.conversationId} />;
    case "receipts":
      return <ReceiptsPage receiptId={route.receiptId} />;
    case "network":
      return <NetworkPage />;
    case "contributions":
      return <ContributionsPage />;
    case "keys":
      return <KeysPage />;
    case "not-found":
      return <NotFoundPage />;
  }
}

function titleOf({ page }: Route): string {
  const entry = pages.find(({ name }) => name === page);
  return entry === undefined || page === "chat" ? "Koinon" : `${entry.label} · Koinon`;
}
