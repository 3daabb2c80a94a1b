// The page: starts what follows the address, the theme and the server, and shows it. Does not know any view.

import "./styles/page.css";

import { render } from "preact";

import { followCollection } from "./atlas.ts";
import { followState } from "./results.ts";
import { followAddress } from "./state.ts";
import { followTheme } from "./theme.ts";
import { Page } from "./views/page.tsx";

followTheme();
followAddress();
followCollection();
followState();
render(<Page />, document.getElementById("page")!);
