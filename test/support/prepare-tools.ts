// Runs once before the tests of test/clients.

import { prepareTools } from './tools.ts';

export default prepareTools;
