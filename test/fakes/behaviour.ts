import type { MigrationPlan } from '#core/contract/release.ts';

/** How a release of the fake world behaves; each member is a way to fail. */
export interface Behaviour {
  readonly crashes?: boolean;
  readonly neverHealthy?: boolean;
  /** Its tasks end under traffic; others are healthy in their place at every look. */
  readonly diesUnderTraffic?: boolean;
  readonly failsSmoke?: boolean;
  readonly saysVersion?: string;
  /** Share of user requests that end in a 5xx of its own. */
  readonly errorShare?: number;
  readonly migrations?: MigrationPlan['migrations'];
  /** Exit codes of its migration, attempt by attempt; `killed`: none. */
  readonly migrationExits?: readonly (number | 'killed')[];
  /** Names that its plan says are recorded, where they are not those of its migrations. */
  readonly records?: MigrationPlan['records'];
  /** Names that its migration really leaves in the framework's table; left out, those that its plan says. */
  readonly applies?: readonly string[];
  /** Its migration breaks what was live before. */
  readonly breaksLive?: boolean;
}
