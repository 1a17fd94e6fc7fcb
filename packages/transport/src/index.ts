export type { ByteRange, ContentSource, Repository, Selector, WritableRepository } from "./repository.ts";
