// `node tools/replay.mjs FOLDER`: replays every vector through the package's public API.

import { open } from "./package.mjs";
import { replayFolder } from "./vectors.mjs";

for (const line of replayFolder(process.argv[2], open)) console.log(line);
