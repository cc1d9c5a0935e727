// npm run build: compiles to dist/ and bundles the workflows; does nothing when nothing changed
import { runMain } from './set-up/project.mjs';
import { setUp } from './set-up/set-up.mjs';

await runMain(setUp);
