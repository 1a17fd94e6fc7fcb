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

// Places
export { collectLayout } from "./layout/gc.ts";
export type { Collected } from "./layout/collect.ts";
export { openLayout } from "./layout/directory.ts";
export type { LayoutDirectory, LayoutOptions } from "./layout/directory.ts";
export { openDockerArchive, openOciArchive } from "./archive/open.ts";
export { openStore, storeName } from "./store/store.ts";
export type { Store, StoredImage, StoreOptions, StoreUsage } from "./store/store.ts";
export { cooperHome } from "./store/home.ts";
export type { StoreEnvironment } from "./store/home.ts";

// References
export { createResolver, openReference } from "./resolver/resolver.ts";
export type { OpenOptions, Resolver } from "./resolver/resolver.ts";
export { addTag, deleteReference, listTags } from "./resolver/names.ts";
export type { Found, Opened, PlaceOptions, Scheme, SchemeContext } from "./resolver/scheme.ts";
export { hostPlatform, selectImage } from "./copy/platforms.ts";

// Writing and copying
export { copyTags } from "./copy/tags.ts";
export type { CopiedTag } from "./copy/tags.ts";
export { copy, write, writeTo } from "./copy/write.ts";
export type { CopyOptions, WriteOptions } from "./copy/write.ts";
export type { LayerCompressionOptions } from "./copy/convert.ts";
export type { Destination, Receiver } from "./copy/destination.ts";
export type { TransferEvent } from "./copy/event.ts";

// HTTP, for what fetches from elsewhere than registries
export { Attempts, parseRetryAfter, PassingFault } from "./registry/http/attempts.ts";
export { Connections } from "./registry/http/connections.ts";
export { get } from "./registry/http/get.ts";
export type { GetOptions } from "./registry/http/get.ts";
export { Lane } from "./registry/http/lanes.ts";
export type { Reply } from "./registry/http/reply.ts";

// Files that appear whole
export { Aside } from "./durable/aside.ts";
export { lockPath, tryLockPath } from "./durable/lock.ts";
export type { Held } from "./durable/lock.ts";
