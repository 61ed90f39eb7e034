/** The two resource types of the service. */
import { enterpriseUserSchema } from './definitions/enterprise-user';
import { groupSchema } from './definitions/group';
import { type ResourceType, defineResourceType } from './resource-type';
import { userSchema } from './definitions/user';

/** User with the enterprise extension. Who is made without `active` is active; after that nobody is let in or locked out by omission. */
export const userType: ResourceType = defineResourceType({
  name: 'User',
  endpoint: '/Users',
  description: 'A person or service account',
  schema: userSchema,
  extensions: [{ schema: enterpriseUserSchema, required: false }],
  defaults: { active: true },
});

/** Group. Its `members` are rows, never part of a loaded document. */
export const groupType: ResourceType = defineResourceType({
  name: 'Group',
  endpoint: '/Groups',
  description: 'A group of users',
  schema: groupSchema,
  extensions: [],
  rows: 'members',
});
