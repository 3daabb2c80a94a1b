// The page: starts what follows the address, the theme and the server, and shows it. Does not know any view.

import "./styles/page.css";

import { render } from "preact";

import { collections, followCollection, refreshCollections } from "./atlas.ts";
import { followLeaving } from "./intake.ts";
import { followJobs } from "./jobs.ts";
import { learnModels } from "./models.ts";
import { followState } from "./results.ts";
import { followAway } from "./returning.ts";
import { amend, followAddress, state } from "./state.ts";
import { followTheme } from "./theme.ts";
import { Page } from "./views/page.tsx";

followTheme();
followAddress();
followCollection();
followState();
followJobs();
followLeaving();
followAway();
render(<Page />, document.getElementById("page")!);
void learnModels();
await refreshCollections();
// who has one collection means that one
const [only, ...others] = collections.value ?? [];
if (only !== undefined && others.length === 0 && location.search === "" && state.value.collection === null) amend({ collection: only.name });
