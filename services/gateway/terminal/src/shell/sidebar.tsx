import { Plus, Settings2 } from "lucide-react";
import { useState } from "react";
import { ConversationList } from "../chat/view/conversation-list.tsx";
import { Button, IconButton } from "../controls/button.tsx";
import { Link } from "../routing/link.tsx";
import { BudgetMeter } from "../session/budget-meter.tsx";
import { useStore } from "../state/use-store.ts";
import { useTerminal } from "../terminal-context.ts";
import { Logo } from "../verification/ring.tsx";
import { pages } from "./pages.ts";
import { SettingsDialog } from "./settings-dialog.tsx";
import styles from "./sidebar.module.css";

/** Navigation, conversations and budget at the side of wide screens. */
export function Sidebar() {
  const { router, chat } = useTerminal();
  const [settingsOpen, setSettingsOpen] = useState(false);
  const startNew = (): void => {
    chat.startNew();
    router.navigate({ page: "chat", conversationId: null });
  };
  return (
    <aside className={styles.sidebar} aria-label="Navigation and conversations">
      <Link to={{ page: "chat", conversationId: null }} className={styles.brand} onClick={() => chat.startNew()}>
        <Logo size={26} />
        <span>Koinon</span>
      </Link>
      <Navigation />
      <section className={styles.conversations} aria-label="Conversations">
        <header className={styles.heading}>
          <h2>Conversations</h2>
          <IconButton small label="New conversation" onClick={startNew}>
            <Plus size={17} aria-hidden />
          </IconButton>
        </header>
        <ConversationList />
      </section>
      <footer className={styles.foot}>
        <BudgetMeter />
        <Button
          look="quiet"
          small
          className={styles.settings}
          onClick={() => setSettingsOpen(true)}
          data-testid="open-settings"
        >
          <Settings2 size={16} aria-hidden /> Settings
        </Button>
      </footer>
      <SettingsDialog open={settingsOpen} onClose={() => setSettingsOpen(false)} />
    </aside>
  );
}

function Navigation() {
  const { router } = useTerminal();
  const { page } = useStore(router.route);
  return (
    <nav className={styles.nav} aria-label="Pages">
      {pages.map(({ name, label, icon: Icon, route }) => (
        <Link
          key={name}
          to={route}
          className={styles.link}
          aria-current={page === name ? "page" : undefined}
          data-testid={`nav-${name}`}
        >
          <Icon size={17} strokeWidth={1.75} aria-hidden />
          {label}
        </Link>
      ))}
    </nav>
  );
}
