// Calls the service with the client that @hey-api/openapi-ts generates.
import assert from "node:assert/strict";
import { client } from "./hey/client.gen.ts";
import { getBatchResults, getJob, getJobResult, listJobs, mapQueue, putLimit, putQueue, submitBatch, submitJob } from "./hey/sdk.gen.ts";
import type { JobView, ProblemView } from "./hey/types.gen.ts";

client.setConfig({ baseUrl: process.argv[2] });

const limit = await putLimit({ path: { name: "hey" }, body: { kind: "window", permits: 500, counts: "calls" } });
assert.equal(limit.data?.config.counts, "calls");
await putQueue({ path: { name: "hey" }, body: { target: { kind: "simulated", latencySeconds: { min: 0, max: 0 } }, limits: ["hey"] }, throwOnError: true });

const { data: job } = await submitJob({ body: { queue: "hey", payload: [1, 2, 3], tags: { client: "hey" } }, headers: { Prefer: "wait=10" }, throwOnError: true });
const typed: JobView = job;
assert.equal(typed.state, "succeeded");
assert.deepEqual((typed.result as { echo: number[] }).echo, [1, 2, 3]);
const bytes = await getJobResult({ path: { id: typed.id }, parseAs: "arrayBuffer", throwOnError: true });
assert.equal(JSON.parse(new TextDecoder().decode(bytes.data as unknown as ArrayBuffer)).attempt, 1);
const list = await listJobs({ query: { state: "succeeded", tag: "client:hey" }, throwOnError: true });
assert.ok(list.data.items.some((listed) => listed.id === typed.id));

const batch = await submitBatch({ body: { queue: "hey", defaults: { weight: 2 }, jobs: [{ payload: 1 }, { payload: 2 }] }, throwOnError: true });
const page = await getBatchResults({ path: { id: batch.data.id }, query: { order: "input", until: "all", wait: 10 }, throwOnError: true });
assert.deepEqual(page.data.items.map((item) => (item.result as { echo: number }).echo), [1, 2]);

const map = await mapQueue({ path: { name: "hey" }, query: { order: "input" }, body: new Blob(['{"payload":1}\n{"payload":2}\n']), parseAs: "text", throwOnError: true });
assert.equal((map.data as unknown as string).trim().split("\n").length, 3);

const none = await getJob({ path: { id: crypto.randomUUID() } });
const problem: ProblemView | undefined = none.error;
assert.equal(problem?.type, "/problems/not-found");

console.log("@hey-api: all calls as they should be");
