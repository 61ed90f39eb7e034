/** Jest's global tear-down: ends this run's Postgres server. */
import { endRun } from './postgres-server';

export default endRun;
