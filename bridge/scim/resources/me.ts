/** `/Me` (RFC 7644 §3.11): the caller is a provisioning client and no User, so there is no resource to stand for it. */
import { ScimError } from '../../scim-language/errors';
import { type Handler } from '../http/scim-request';

/** Answers 501, as the RFC asks of a service that does not have the endpoint. */
export const answerMe: Handler = () =>
  Promise.reject(
    new ScimError(
      501,
      undefined,
      '/Me is not implemented: the bearer token stands for an application and not for a User; use /Users with a filter',
    ),
  );
