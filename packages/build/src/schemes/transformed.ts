import type { Content } from "@cooper/oci";
import type { Found, Opened } from "@cooper/transport";

export interface Transform {
  readonly name: string;
  /** Of all that decides about the bytes. */
  readonly versions: readonly (string | number)[];
}

/** What a transform makes of what it was given, and of what that is made. */
export function transformed(
  { content, inputs, close }: Opened,
  change: (content: Content) => Content,
  { name, versions }: Transform,
): Found {
  return {
    content: change(content),
    inputs: inputs === undefined ? undefined : `${name} ${versions.join(" ")} (${inputs})`,
    close,
  };
}
