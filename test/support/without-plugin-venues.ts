import { setPluginVenues } from '../../src/sources/venues.ts';

// test files share a process, and with it the venues of the plugins that an earlier file loaded
setPluginVenues(new Map());
