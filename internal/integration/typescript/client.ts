// A round trip with a client that is generated from the document: what
// compiles here is what the types of the document allow.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./quickstart.js";

type User = components["schemas"]["User"];

const baseUrl = process.argv[2];
assert(baseUrl, "the URL of the service is missing");
const client = createClient<paths>({ baseUrl });

// Create a user; the answer says where it is.
const created = await client.POST("/api/users", {
	body: { name: "Barbara", email: "barbara@example.com" },
});
assert.equal(created.response.status, 201);
assert(created.data);
const id: number = created.data.id;
assert(created.response.headers.get("Location")?.endsWith(`/${id}`));

// List users, with the query as the document has it.
const list = await client.GET("/api/users", { params: { query: { name: "barbara", limit: 10 } } });
assert(list.data);
const users: User[] = list.data.users;
assert.deepEqual(users, [{ id, name: "Barbara", email: "barbara@example.com" }]);
const total: number = list.data.total;
assert(total >= 1);

// Get and update it.
const got = await client.GET("/api/users/{id}", { params: { path: { id } } });
assert(got.data);
const name: string = got.data.name; // always there, so no undefined
assert.equal(name, "Barbara");
const updated = await client.PUT("/api/users/{id}", {
	params: { path: { id } },
	body: { name: "Barbara Liskov", email: "barbara@example.com" },
});
assert.equal(updated.data?.name, "Barbara Liskov");

// An error has its type too.
const wrong = await client.PUT("/api/users/{id}", { params: { path: { id } }, body: { name: "", email: "nobody" } });
assert.equal(wrong.response.status, 422);
assert(wrong.error);
const faults = wrong.error.errors ?? [];
assert.deepEqual(faults.map((f) => [f.in, f.pointer, f.code]), [["body", "/name", "min"], ["body", "/email", "email"]]);

// @ts-expect-error a body without a member that is required
void (() => client.POST("/api/users", { body: { name: "Nobody" } }));
// @ts-expect-error a query parameter of another type
void (() => client.GET("/api/users", { params: { query: { limit: "ten" } } }));

// Delete it.
const gone = await client.DELETE("/api/users/{id}", { params: { path: { id } } });
assert.equal(gone.response.status, 204);
const missing = await client.GET("/api/users/{id}", { params: { path: { id } } });
assert.equal(missing.error?.status, 404);

// Texts that every part of a request writes in its own way.
const texts = ["a/b ü", "a&b=c;d", "+ %2F %", "\"quoted\" <b>", "日本語 🎉", "a?b#c", "two\u2028lines", "é".repeat(100)];
for (const [i, text] of texts.entries()) {
	const made = await client.POST("/api/users", { body: { name: text, email: `odd+${i}@example.com` } });
	assert.equal(made.response.status, 201, text);
	const found = await client.GET("/api/users", { params: { query: { name: text } } });
	assert.deepEqual(found.data?.users.map((u) => u.name), [text]);
	await client.DELETE("/api/users/{id}", { params: { path: { id: found.data.users[0]?.id ?? 0 } } });
	const greeting = await client.GET("/api/greetings/{name}", { params: { path: { name: text } }, parseAs: "text" });
	assert.equal(greeting.data, `Hello, ${text}!\n`);
}

// What is no JSON.
const events = await client.GET("/api/events", {
	params: { query: { limit: 1 }, header: { "Last-Event-Id": 1 } },
	parseAs: "text",
});
assert.match(String(events.data), /^id: 2$/m);
const csv = await client.GET("/api/users.csv", { parseAs: "text" });
assert.match(String(csv.data), /^id,name,email\n/);

console.log("round trip done");
