import type { Digest } from "@cooper/oci";
import { RegistryError } from "../errors.ts";

/** An upload has one writer at a time. */
export function busyUpload(id: string): RegistryError {
  return new RegistryError("BLOB_UPLOAD_INVALID", `another request is writing to upload ${id}`, {
    status: 409,
  });
}

/** What was uploaded is not what was announced. */
export function wrongContent(expected: Digest, actual: string): RegistryError {
  return new RegistryError("DIGEST_INVALID", `the content's digest is ${actual} and not ${expected}`, {
    fields: { expected, actual },
  });
}
