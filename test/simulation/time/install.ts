/** Imported first by the program that plays histories, before anything can take the machine's clock. */
import { installVirtualTime } from './globals';

installVirtualTime();
