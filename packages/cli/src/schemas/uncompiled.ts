import { config } from "zod";

/** For schemas that are made later: to compile one takes longer than to check the few values that a command has. */
export function leaveSchemasUncompiled(): void {
  config({ jitless: true });
}
