// `node tools/replay.mjs FOLDER`: replays every vector through the package's public API.

import { replayFolder } from "./vectors.mjs";

for (const line of replayFolder(process.argv[2])) console.log(line);
