/** Line icons on a 20 × 20 grid, drawn for this product; all decorative, the words stand beside them or in a label. */
const paths = {
  overview: 'M3 3h6v8H3zM11 3h6v4h-6zM11 9h6v8h-6zM3 13h6v4H3z',
  devices: 'M4 2.5h12v15H4zM6.5 5.5h7v4h-7zM7 13h2M11 13h2M7 15h6',
  points: 'M10 17.5s5.5-5.2 5.5-9.5a5.5 5.5 0 0 0-11 0c0 4.3 5.5 9.5 5.5 9.5zM10 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
  bars: 'M3 17.5h14M4.5 15V9h3v6zM9 15V4h3v11zM13.5 15v-4h3v4z',
  gateways: 'M3 12h14v5H3zM6 14.5h.01M9 14.5h.01M10 12V8M6.2 6.2a5.4 5.4 0 0 1 7.6 0M3.9 3.9a8.6 8.6 0 0 1 12.2 0',
  sources: 'M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM7.8 7.8a2.2 2.2 0 1 1 3.4 1.9c-.8.5-1.2.9-1.2 1.8M10 14h.01',
  status: 'M2.5 10.5h3l2-6 4 11 2.2-5h3.8',
  analyser: 'M3 4h3v3H3zM8.5 4h3v3h-3zM14 4h3v3h-3zM4.5 9.5v7M4.5 12h5M4.5 16h5M10 9.5h0M12 12h5M12 16h5',
  alarms: 'M10 2.5a5 5 0 0 0-5 5c0 5-2 6-2 7h14c0-1-2-2-2-7a5 5 0 0 0-5-5zM8.2 17a2 2 0 0 0 3.6 0',
  backups: 'M3 5h14v4H3zM3 11h14v4H3zM6 7h.01M6 13h.01M12.5 7H15M12.5 13H15',
  jobs: 'M3 4h9M3 9h9M3 14h5M12 14.5l2 2 4-4.5',
  models: 'M10 2.5 17 6v8l-7 3.5L3 14V6zM3 6l7 3.5L17 6M10 9.5v8',
  sensors: 'M10 12V3.5a2 2 0 0 0-4 0V12a3.5 3.5 0 1 0 4 0zM8 14.5V7M13 5h4M13 8.5h3M13 12h4',
  search: 'M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12zM13.5 13.5 17 17',
  sun: 'M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10 2v1.8M10 16.2V18M2 10h1.8M16.2 10H18M4.3 4.3l1.3 1.3M14.4 14.4l1.3 1.3M4.3 15.7l1.3-1.3M14.4 5.6l1.3-1.3',
  moon: 'M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7z',
  system: 'M2.5 4h15v9.5h-15zM7 17h6M10 13.5V17',
  language:
    'M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM2.5 10h15M10 2.5c2.2 2 3.2 4.6 3.2 7.5s-1 5.5-3.2 7.5M10 2.5C7.8 4.5 6.8 7.1 6.8 10s1 5.5 3.2 7.5',
  user: 'M10 10a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3.5 17.5a6.5 6.5 0 0 1 13 0',
  play: 'M6 4l10 6-10 6z',
  pause: 'M6.5 4v12M13.5 4v12',
  full_screen: 'M3 7.5V3h4.5M12.5 3H17v4.5M17 12.5V17h-4.5M7.5 17H3v-4.5',
  settings: 'M3 6h8M15 6h2M13 4v4M3 14h3M10 14h7M8 12v4',
  log_out: 'M8 3H3.5v14H8M12.5 6.5 16 10l-3.5 3.5M16 10H7.5',
  left: 'M12 4.5 6.5 10l5.5 5.5',
  right: 'M8 4.5 13.5 10 8 15.5',
  down: 'M4.5 7.5 10 13l5.5-5.5',
  close: 'M5 5l10 10M15 5 5 15',
  copy: 'M7 7h9.5v9.5H7zM13 7V3.5H3.5V13H7',
  open: 'M11 3.5h5.5V9M16.5 3.5 9 11M14 11.5v5H3.5V6h5',
  table: 'M3 4h14v12.5H3zM3 8h14M3 12.2h14M8.5 8v8.5',
  curve: 'M3 3v14h14M5.5 13l3.5-5 3 3 4.5-6',
  warning: 'M10 3 18 17H2zM10 8.5v4M10 14.7h.01',
  check: 'M4 10.5 8.2 14.5 16 5.5',
  eye: 'M1.8 10S5 4.5 10 4.5 18.2 10 18.2 10 15 15.5 10 15.5 1.8 10 1.8 10zM10 12.3a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6z',
  eye_off:
    'M3 3l14 14M8 5c.6-.3 1.3-.5 2-.5 5 0 8.2 5.5 8.2 5.5a14 14 0 0 1-2.5 3.1M5.2 6.3A13.5 13.5 0 0 0 1.8 10S5 15.5 10 15.5c1.2 0 2.3-.3 3.3-.8',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
