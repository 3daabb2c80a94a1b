// Whether the server answers at all, as the last question told. Does not know who asked, nor what to do about it.

import { signal } from "@preact/signals";

export const isAway = signal(false);
