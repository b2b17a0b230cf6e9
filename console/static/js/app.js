// The page's own behaviour, each concern in its own module.  Everything works without it, only less smoothly.
import { startClocks } from "./clocks.js";
import { startComposer } from "./composer.js";
import { startCase } from "./case.js";
import { startFrames } from "./frames.js";
import { startKeys } from "./keys.js";
import { startList } from "./list.js";
import { startLive } from "./live.js";
import { startNotices } from "./notices.js";

startNotices();
startClocks();
startComposer();
startCase();
startList();
startFrames();
startKeys();
startLive();
