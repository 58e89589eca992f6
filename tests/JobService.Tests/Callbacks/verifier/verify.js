// The receiver's side, as anybody would write it: {secret, headers, body} on stdin, the library's word on stdout.
const { readFileSync } = require("node:fs");
const { Webhook } = require("standardwebhooks");

const { secret, headers, body } = JSON.parse(readFileSync(0, "utf8"));
try {
  console.log(`ok ${new Webhook(secret).verify(body, headers).type}`);
} catch (error) {
  console.log(`refused ${error.name}: ${error.message}`);
}
