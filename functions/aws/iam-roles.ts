import { GetRoleCommand, type IAMClient, NoSuchEntityException } from '@aws-sdk/client-iam';
import type { KnownRole } from '#core/domain/person.ts';
import type { Roles } from '#core/ports.ts';

/** Roles of the account. */
export class IamRoles implements Roles {
  readonly #client: IAMClient;

  constructor(client: IAMClient) {
    this.#client = client;
  }

  async role(name: string): Promise<KnownRole | undefined> {
    try {
      const { Role } = await this.#client.send(new GetRoleCommand({ RoleName: name }));
      return Role?.Arn === undefined || Role.RoleId === undefined ? undefined : { arn: Role.Arn, id: Role.RoleId };
    } catch (error) {
      // The right is limited to the roles that Identity Center made (infra/permissions/functions.ts): another is denied, and none of them.
      if (
        error instanceof NoSuchEntityException ||
        (error instanceof Error && /^AccessDenied(Exception)?$/.test(error.name))
      )
        return undefined;
      throw error;
    }
  }
}
