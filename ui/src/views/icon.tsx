// Small drawings, in the colour of the text around them. Do not know what they stand for.

const PATHS = {
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM15.3 15.3 20 20",
  close: "M6 6l12 12M18 6 6 18",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  down: "M6 9.500l6 6 6-6",
  left: "M14.5 5.5 8 12l6.5 6.5",
  right: "M9.5 5.5 16 12l-6.5 6.5",
  picture: "M4 5.500h16v13H4zM4 15.500l4.5-4.5 4 4 2.5-2.5 5 5M15 9.300h.01",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 3v1.500M12 19.500V21M3 12h1.500M19.5 12H21M5.6 5.600l1.1 1.100M17.3 17.300l1.1 1.100M18.4 5.600l-1.1 1.100M6.7 17.300l-1.1 1.1",
  moon: "M19.5 14.200A8 8 0 0 1 9.8 4.500a8 8 0 1 0 9.7 9.700Z",
  jobs: "M4 7h9M4 12h16M4 17h12",
  code: "M8.5 7.5 4 12l4.5 4.500M15.5 7.5 20 12l-4.5 4.5",
  save: "M12 4v10.500M7.5 10.5 12 15l4.5-4.500M5 19.500h14",
  bring: "M12 15V4.500M7.5 9 12 4.5 16.5 9M5 19.500h14",
  filter: "M4 6h16M7 12h10M10 18h4",
  more: "M12 20.200s-7.5-4.5-7.5-10A4.2 4.2 0 0 1 12 7.600a4.2 4.2 0 0 1 7.5 2.600c0 5.5-7.5 10-7.5 10Z",
  less: "M12 20.200s-7.5-4.5-7.5-10A4.2 4.2 0 0 1 12 7.600a4.2 4.2 0 0 1 7.5 2.600c0 5.5-7.5 10-7.5 10ZM5 4l14 16.5",
  warning: "M12 4 2.8 19.500h18.400L12 4ZM12 10v4.500M12 17.300h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
