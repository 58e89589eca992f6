// Calls the service with openapi-fetch and the types that openapi-typescript generates.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.d.ts";

const client = createClient<paths>({ baseUrl: process.argv[2] });

const limit = await client.PUT("/v1/limits/{name}", { params: { path: { name: "fetch" } }, body: { kind: "concurrency", permits: 4 } });
assert.equal(limit.data?.config.kind, "concurrency");
assert.equal(limit.data?.learned, null);
const queue = await client.PUT("/v1/queues/{name}", {
  params: { path: { name: "fetch" } },
  body: { target: { kind: "simulated", latencySeconds: { min: 0, max: 0 } }, limits: ["fetch"], process: { kind: "none" }, weightFrom: null },
});
assert.equal(queue.data?.retry.maxAttempts, 5);

const submitted = await client.POST("/v1/jobs", {
  params: { header: { Prefer: "wait=10", "Idempotency-Key": crypto.randomUUID() } },
  body: { queue: "fetch", payload: [1, 2, 3], tags: { client: "fetch" }, key: null },
});
const job: components["schemas"]["JobView"] | undefined = submitted.data;
assert.equal(job?.state, "succeeded");
assert.deepEqual((job?.result as { echo: number[] }).echo, [1, 2, 3]);
const finishedAt: string | undefined = job?.finishedAt;
assert.ok(finishedAt);

const bytes = await client.GET("/v1/jobs/{id}/result", { params: { path: { id: job!.id } }, parseAs: "arrayBuffer" });
assert.equal(JSON.parse(new TextDecoder().decode(bytes.data as unknown as ArrayBuffer)).attempt, 1);
const list = await client.GET("/v1/jobs", { params: { query: { state: "succeeded", tag: "client:fetch" } } });
assert.ok(list.data?.items.some((listed) => listed.id === job!.id));

const batch = await client.POST("/v1/batches", { body: { queue: "fetch", defaults: { weight: 2 }, jobs: [{ payload: 1 }, { payload: 2 }] } });
const page = await client.GET("/v1/batches/{id}/results", { params: { path: { id: batch.data!.id }, query: { order: "input", until: "all", wait: 10 } } });
// Read as JSON: streams of results are texts.
assert.ok(typeof page.data === "object");
assert.deepEqual(page.data.items.map((item) => (item.result as { echo: number }).echo), [1, 2]);

const map = await client.POST("/v1/queues/{name}/map", {
  params: { path: { name: "fetch" }, query: { order: "input" } },
  body: '{"payload":1}\n{"payload":2}\n',
  bodySerializer: (body) => body,
  headers: { "content-type": "application/x-ndjson" },
  parseAs: "text",
});
assert.equal((map.data as string).trim().split("\n").length, 3);

const none = await client.GET("/v1/jobs/{id}", { params: { path: { id: crypto.randomUUID() } } });
assert.equal(none.response.status, 404);
assert.equal(none.error?.type, "/problems/not-found");
assert.match(none.error!.detail, /There is no job/);

// What the types refuse, the service would refuse too.
// @ts-expect-error: no kind of a limit
void ({ kind: "sometimes", permits: 1 } satisfies components["schemas"]["LimitDefinition"]);

console.log("openapi-fetch: all calls as they should be");
