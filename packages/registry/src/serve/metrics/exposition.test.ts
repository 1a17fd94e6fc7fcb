import assert from "node:assert/strict";
import { test } from "node:test";
import { Counter, expose, Histogram, Reading } from "./exposition.ts";

test("metrics are written as Prometheus reads them", () => {
  const counter = new Counter("visits_total", "How many came\nso far");
  counter.add(1, { who: 'an "odd\\one"\n' });
  counter.add(2);
  counter.add(3);
  const histogram = new Histogram("wait_seconds", "How long", [0.5, 2]);
  for (const value of [0.1, 0.5, 1, 3]) histogram.observe(value, { door: "a" });
  const readings = [
    new Reading("inside", "Now", "gauge", () => 7),
    new Reading("unknown", "Nobody knows", "counter", () => undefined),
  ];
  assert.equal(
    expose([counter, histogram, ...readings]),
    `# HELP visits_total How many came\\nso far
# TYPE visits_total counter
visits_total{who="an \\"odd\\\\one\\"\\n"} 1
visits_total 5
# HELP wait_seconds How long
# TYPE wait_seconds histogram
wait_seconds_bucket{door="a",le="0.5"} 2
wait_seconds_bucket{door="a",le="2"} 3
wait_seconds_bucket{door="a",le="+Inf"} 4
wait_seconds_sum{door="a"} 4.6
wait_seconds_count{door="a"} 4
# HELP inside Now
# TYPE inside gauge
inside 7
`,
  );
});
