import { Link } from "../routing/link.tsx";
import { useStore } from "../state/use-store.ts";
import { useTerminal } from "../terminal-context.ts";
import { pages } from "./pages.ts";
import styles from "./tab-bar.module.css";

/** The pages at the bottom of small screens, where the thumb is. */
export function TabBar() {
  const { router } = useTerminal();
  const { page } = useStore(router.route);
  return (
    <nav className={styles.bar} aria-label="Pages">
      {pages.map(({ name, shortLabel, icon: Icon, route }) => (
        <Link
          key={name}
          to={route}
          className={styles.tab}
          aria-current={page === name ? "page" : undefined}
          data-testid={`nav-${name}`}
        >
          <Icon size={20} strokeWidth={1.75} aria-hidden />
          {shortLabel}
        </Link>
      ))}
    </nav>
  );
}
