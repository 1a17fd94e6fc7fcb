// Errors
export { TransportError } from "./errors.ts";
export type { TransportErrorCode } from "./errors.ts";

// Repositories
export type { ByteRange, ContentSource, Repository, Selector, WritableRepository } from "./repository.ts";

// Registries
export { RegistryClient } from "./registry/client.ts";
export { listRepositories, openRegistryRepository } from "./registry/repository.ts";
export type { OpenRegistryOptions, RegistryRepository, RepositoryName } from "./registry/repository.ts";
export type { RegistryOptions, Timeouts } from "./registry/options.ts";
export type { RetryOptions } from "./registry/http/attempts.ts";
export type { RateLimit } from "./registry/http/rate-limit.ts";
export type { RegistryWarning } from "./registry/http/warnings.ts";
export type { Environment } from "./registry/http/proxy.ts";
export { fallbackTag } from "./registry/referrers.ts";

// Credentials
export { credentialsFor } from "./credentials/lookup.ts";
export type { FoundCredential, LookupOptions } from "./credentials/lookup.ts";
export {
  ANONYMOUS,
  basicCredential,
  bearerCredential,
  identityCredential,
} from "./credentials/credential.ts";
export type { Credential } from "./credentials/credential.ts";
export { checkLogin, login, logout } from "./credentials/login.ts";
export type { LoginRequest, Stored } from "./credentials/login.ts";
