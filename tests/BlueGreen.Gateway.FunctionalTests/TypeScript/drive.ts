// Drives a gateway with nothing but the client that was generated from its OpenAPI document. That this compiles is half of the test.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Schemas = components["schemas"];

declare const process: { argv: string[] };

const [, , baseUrl, green, token] = process.argv as [string, string, string, string, string];
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
const orders = { service: "orders" };

function expect(what: string, actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) {
    throw new Error(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
  }
  console.log(`${what}: ${JSON.stringify(actual)}`);
}

// A release or nothing to do: the types tell them apart.
function releaseOf(answer: Schemas["Release"] | Schemas["NothingToDo"] | undefined): Schemas["Release"] {
  if (answer === undefined || "changed" in answer) {
    throw new Error(`no release: ${answer?.detail}`);
  }
  return answer;
}

function idOf(problem: Schemas["Problem"] | undefined): string | undefined {
  return problem?.releaseId;
}

// The status, with its generation for If-Match.
const status = await client.GET("/v1/services/{service}", { params: { path: orders } });
const active: "blue" | "green" | undefined = status.data?.active;
const generation: number | undefined = status.data?.generation;
expect("active", active, "blue");
const etag = status.response.headers.get("ETag");
expect("ETag", etag, `"${generation}"`);

// Events from before the first change on.
const aborted = new AbortController();
const stream = await client.GET("/v1/events", { params: { query: orders }, parseAs: "stream", signal: aborted.signal });
const events = readEvents(stream.data as ReadableStream<Uint8Array>);

// A deployment, with a stale generation first.
const body: Schemas["DeployRequest"] = { version: "2.0.0", destinations: { g9: { address: green } } };
const deployed = await client.PUT("/v1/services/{service}/slots/{slot}", {
  params: { path: { ...orders, slot: "green" }, header: { "If-Match": etag!, "Idempotency-Key": "deploy-1" } },
  body,
});
expect("deployed", deployed.data?.slots.green.destinations.map((destination) => destination.id), ["g9"]);
const stale = await client.PUT("/v1/services/{service}/slots/{slot}", {
  params: { path: { ...orders, slot: "green" }, header: { "If-Match": etag! } },
  body: { ...body, version: "2.0.1" },
});
expect("stale", [stale.response.status, stale.error?.code, stale.error?.generation], [412, "stale-generation", deployed.data?.generation]);
while ((await client.GET("/v1/services/{service}", { params: { path: orders } })).data?.slots.green.health !== "healthy") {
  await new Promise((resolve) => setTimeout(resolve, 20));
}

const preflight = await client.GET("/v1/services/{service}/preflight", { params: { path: orders, query: { to: "green", expectVersion: "2.0.0" } } });
expect("preflight", [preflight.data?.passed, preflight.data?.gates[0]?.name], [true, "deepHealth"]);

// A gate that fails.
const rejected = await client.POST("/v1/services/{service}/cutover", {
  params: { path: orders, header: { Prefer: "wait=30" } },
  body: { expectVersion: "9.9.9" },
});
expect("rejected", [rejected.response.status, rejected.error?.code, rejected.error?.release?.status], [422, "gate-failed", "rejected"]);
expect("failed gates", rejected.error?.gates?.filter((gate) => gate.status === "failed").map((gate) => gate.name), ["version"]);

// Wrong input; the compiler would have refused it.
const invalid = await client.POST("/v1/services/{service}/cutover", {
  params: { path: orders },
  // @ts-expect-error: there is no such slot.
  body: { to: "purple", bakeSeconds: -1 },
});
expect("invalid", [invalid.response.status, invalid.error?.code, Object.keys(invalid.error?.errors ?? {})], [400, "invalid-request", ["to", "bakeSeconds"]]);
// @ts-expect-error: there is no such field.
const colored: Schemas["CutoverRequest"] = { color: "red" };
const unknown = await client.POST("/v1/services/{service}/cutover", { params: { path: orders }, body: colored });
expect("unknown field", unknown.error?.code, "invalid-request");
expect("unknown service", (await client.GET("/v1/services/{service}", { params: { path: { service: "nope" } } })).error?.code, "unknown-service");

// The cutover, its repetition under the same key, and another one that is in its way.
const ordered = { params: { path: orders, query: { until: "drained" as const }, header: { Prefer: "wait=30", "Idempotency-Key": "cutover-1" } }, body: { reason: "generated", bakeSeconds: 600 } };
const cutover = await client.POST("/v1/services/{service}/cutover", ordered);
const release = releaseOf(cutover.data);
expect("cutover", [cutover.response.status, release.kind, release.services[0]?.to, release.status], [200, "cutover", "green", "baking"]);
expect("Location", cutover.response.headers.get("Location"), `/v1/releases/${release.id}`);
expect("again", releaseOf((await client.POST("/v1/services/{service}/cutover", ordered)).data).id, release.id);
const conflict = await client.POST("/v1/services/{service}/cutover", { params: { path: orders }, body: { to: "blue" } });
expect("conflict", [conflict.response.status, conflict.error?.code, idOf(conflict.error)], [409, "release-in-progress", release.id]);
const nothing = await client.POST("/v1/services/{service}/cutover", { params: { path: orders }, body: { to: "green" } });
expect("nothing to do", nothing.data !== undefined && "changed" in nothing.data && [nothing.data.changed, nothing.data.outcome], [false, "alreadyActive"]);

// Waiting for a release to complete that is rolled back is a conflict, never a success.
const completed = client.POST("/v1/services/{service}/cutover", { ...ordered, params: { ...ordered.params, query: { until: "completed" } } });
const rollback = await client.POST("/v1/rollback", { params: { query: { until: "completed" }, header: { Prefer: "wait=30" } }, body: { release: release.id } });
expect("rollback", [rollback.response.status, releaseOf(rollback.data).status], [200, "succeeded"]);
const ended = await completed;
expect("ended", [ended.response.status, ended.error?.code, ended.error?.release?.status, idOf(ended.error)], [409, "release-ended", "rolledBack", release.id]);

// What the stream has told of all this.
const switches: Schemas["StreamedEvent"][] = [];
for await (const event of events) {
  if (event.type === "switched") {
    switches.push(event);
  }
  if (switches.length === 2) {
    break;
  }
}
aborted.abort();
expect("events", switches.map((event) => event.detail), ["orders: blue to green", "orders: green to blue"]);

// Pages.
let page = await client.GET("/v1/releases", { params: { query: { ...orders, limit: 1 } } });
const ids: string[] = [];
for (;;) {
  ids.push(...(page.data ?? []).map((item) => item.id));
  const next = /<([^>]+)>; rel="next"/.exec(page.response.headers.get("Link") ?? "")?.[1];
  if (next === undefined) {
    break;
  }
  page = await client.GET("/v1/releases", { params: { query: { ...orders, limit: 1, before: new URL(next, baseUrl).searchParams.get("before")! } } });
}
expect("pages", ids.length, 3);
console.log("driven to the end");

async function* readEvents(bytes: ReadableStream<Uint8Array>): AsyncGenerator<Schemas["StreamedEvent"]> {
  const reader = bytes.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }
    text += decoder.decode(value, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
      text = text.slice(end + 2);
      if (data !== undefined) {
        yield JSON.parse(data) as Schemas["StreamedEvent"];
      }
    }
  }
}
