import type { Cancellable } from "@cooper/archive";
import type { Content, Descriptor, Platform, Reference } from "@cooper/oci";
import type { Destination } from "../copy/destination.ts";
import type { OpenRegistryOptions } from "../registry/repository.ts";
import type { Repository } from "../repository.ts";
import type { StoreEnvironment } from "../store/home.ts";

/** How the places that references name are reached. */
export interface PlaceOptions extends Cancellable {
  /** How registries are spoken to. */
  readonly registry?: OpenRegistryOptions | undefined;
  /** Cooper's store; default: `cooperHome()`. */
  readonly home?: string | undefined;
  /** Where `COOPER_HOME` and `DOCKER_HOST` are read; default `process.env`. */
  readonly environment?: StoreEnvironment | undefined;
}

/** What a reference names, opened. Close it when it is no longer read. */
export interface Opened {
  readonly content: Content;
  /** Undefined where the image is made: ask `content.descriptor()`, which makes it. */
  readonly descriptor: Descriptor | undefined;
  /** Where it lies; undefined where it is made. */
  readonly repository?: Repository | undefined;
  /**
   * What it is made of, by digest, and the versions of what makes it: two with the same inputs have
   * the same bytes. Of what lies somewhere, its digest. Undefined where a maker does not say.
   */
  readonly inputs: string | undefined;
  /** The reference, with `store` as its scheme where a bare name was found there. */
  readonly reference: Reference;
  readonly close: () => Promise<void>;
}

/** What a scheme has found: something in a repository, or something made. */
export type Found =
  | { readonly repository: Repository; readonly descriptor: Descriptor }
  | { readonly content: Content; readonly inputs?: string | undefined; close?(): Promise<void> };

/** What a scheme is given besides the reference: how to open another one, for transforms. */
export interface SchemeContext extends PlaceOptions {
  open(reference: string | Reference): Promise<Opened>;
  /** What the reader wants of an index; a maker may make only that. */
  readonly platform?: Platform | undefined;
  /** Which platforms a maker is to make, as an index; default: what the maker makes of itself. */
  readonly platforms?: readonly Platform[] | undefined;
}

/**
 * One row of the resolver's table: how references of a scheme are read and written. Makers and
 * transforms (`apt`, `flatten`) are rows as well, added by the packages above.
 */
export interface Scheme<R extends Reference = Reference> {
  readonly name: R["scheme"];
  open?(reference: R, context: SchemeContext): Promise<Found>;
  create?(reference: R, options: PlaceOptions): Promise<Destination>;
}
