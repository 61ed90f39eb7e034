/** The program that Terraform starts. */
import { serve } from './plugin';
import { coderScimProvider } from './provider';

void serve(coderScimProvider);
