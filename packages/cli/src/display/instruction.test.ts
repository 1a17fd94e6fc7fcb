import assert from "node:assert/strict";
import { test } from "node:test";
import { instruction } from "./instruction.ts";

test("a step is shown as it stood in the Dockerfile", () => {
  const cases: readonly (readonly [string, string])[] = [
    ['/bin/sh -c #(nop)  CMD ["sh"]', 'CMD ["sh"]'],
    ["/bin/sh -c apt-get update", "RUN apt-get update"],
    ["RUN /bin/sh -c apk add curl # buildkit", "RUN apk add curl"],
    ["RUN |1 VERSION=3 /bin/sh -c make \t  all # buildkit", "RUN make all"],
    ["|2 A=1 B=2 /bin/sh -c make", "RUN make"],
    ["COPY /app /app # buildkit", "COPY /app /app"],
    ["cooper by-hand", "cooper by-hand"],
  ];
  for (const [createdBy, shown] of cases) assert.equal(instruction(createdBy), shown);
});
