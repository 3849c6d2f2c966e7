import { NavLink } from 'react-router';

interface TabsProps {
  label: string;
  tabs: readonly { to: string; label: string; count?: number | undefined }[];
}

/** The parts of one page, each with an address of its own. */
export function Tabs({ label, tabs }: TabsProps) {
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <NavLink key={tab.to} to={tab.to} end className={({ isActive }) => (isActive ? 'tab is-chosen' : 'tab')}>
          {tab.label}
          {tab.count !== undefined && tab.count > 0 && <span className="tab-count">{tab.count}</span>}
        </NavLink>
      ))}
    </nav>
  );
}
