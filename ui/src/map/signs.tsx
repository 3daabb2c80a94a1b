// Small drawings on the map's buttons. Do not know what they do.

const PATHS = {
  lasso: "M12 4.500c4.700 0 8.500 2.500 8.500 5.700S16.700 15.900 12 15.900c-1 0-2-.1-2.900-.3M6.500 14.500c-1.900-1-3-2.600-3-4.300C3.500 7 7.300 4.500 12 4.500M6.500 14.500a1.800 1.800 0 1 0 2.600 1.100M8 17.300c.3 1.600-.4 2.700-2 3.200",
  seen: "M4 8.500V4h4.500M15.500 4H20v4.500M20 15.500V20h-4.500M8.500 20H4v-4.500M9 9h6v6H9z",
  plus: "M12 5.500v13M5.500 12h13",
  minus: "M5.500 12h13",
  whole: "M9.500 4.500h-5v5M14.500 4.500h5v5M19.500 14.500v5h-5M9.500 19.500h-5v-5",
  name: "M5 7.500V5.500h14v2M12 5.500v13M9.500 18.500h5",
  about: "M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17ZM12 11v5.500M12 7.700h.01",
} as const;

export function Sign({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
