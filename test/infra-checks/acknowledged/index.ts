import type { Acknowledgement } from '../acknowledgement.ts';
import { ENCRYPTION } from './encryption.ts';
import { FUNCTIONS } from './functions.ts';
import { LANGUAGE } from './language.ts';
import { PERMISSIONS } from './permissions.ts';
import { SERVICE } from './service.ts';
import { SUPPLY } from './supply.ts';

/**
 * Everything that a checker finds and that stays as it is, with the reason. One that nothing needs any more fails the
 * checks, so that the list says what is, and what was mended cannot come back unseen.
 */
export const ACKNOWLEDGED: readonly Acknowledgement[] = [
  ...ENCRYPTION,
  ...FUNCTIONS,
  ...LANGUAGE,
  ...PERMISSIONS,
  ...SERVICE,
  ...SUPPLY,
];
