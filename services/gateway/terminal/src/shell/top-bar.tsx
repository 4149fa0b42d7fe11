import { MessagesSquare, Settings2, SquarePen } from "lucide-react";
import { useState } from "react";
import { ConversationList } from "../chat/view/conversation-list.tsx";
import { IconButton } from "../controls/button.tsx";
import { Dialog } from "../controls/dialog.tsx";
import { Link } from "../routing/link.tsx";
import { BudgetMeter } from "../session/budget-meter.tsx";
import { useStore } from "../state/use-store.ts";
import { useTerminal } from "../terminal-context.ts";
import { Logo } from "../verification/ring.tsx";
import { SettingsDialog } from "./settings-dialog.tsx";
import styles from "./top-bar.module.css";

/** Brand, budget, conversations and settings at the top of small screens. */
export function TopBar() {
  const { router, chat } = useTerminal();
  const { page } = useStore(router.route);
  const [open, setOpen] = useState<"settings" | "conversations" | null>(null);
  const close = (): void => setOpen(null);
  return (
    <header className={styles.bar}>
      <Link
        to={{ page: "chat", conversationId: null }}
        className={styles.brand}
        aria-label="Koinon, new conversation"
        onClick={() => chat.startNew()}
      >
        <Logo size={24} />
        <span>Koinon</span>
      </Link>
      <BudgetMeter compact />
      {page === "chat" && (
        <>
          <IconButton label="Conversations" onClick={() => setOpen("conversations")}>
            <MessagesSquare size={19} aria-hidden />
          </IconButton>
          <IconButton
            label="New conversation"
            onClick={() => {
              chat.startNew();
              router.navigate({ page: "chat", conversationId: null });
            }}
          >
            <SquarePen size={19} aria-hidden />
          </IconButton>
        </>
      )}
      <IconButton label="Settings" onClick={() => setOpen("settings")} data-testid="open-settings">
        <Settings2 size={19} aria-hidden />
      </IconButton>
      <SettingsDialog open={open === "settings"} onClose={close} />
      <Dialog open={open === "conversations"} onClose={close} title="Conversations">
        <ConversationList onOpened={close} />
      </Dialog>
    </header>
  );
}
