// What Swagger UI cannot be told in the document or by settings. Runs before the page makes its UI.
(() => {
  const lines = "application/x-ndjson";
  const events = "text/event-stream";

  // A text area with the example instead of a choice of a file: for clients, lines are bytes; here they are typed.
  const asText = spec => {
    for (const path of Object.values(spec.paths ?? {})) {
      for (const operation of Object.values(path)) {
        const body = operation.requestBody?.content?.[lines];
        if (body) delete body.schema.format;
      }
    }
    return spec;
  };

  // What the UI takes for JSON because of its name, it sends as one text in quotes.
  const asLines = request => {
    const type = request.headers["Content-Type"] ?? request.headers["content-type"];
    if (type === lines && typeof request.body === "string" && request.body.startsWith('"')) request.body = JSON.parse(request.body);
    return request;
  };

  const isOnlyEvents = operation => {
    const content = operation?.getIn(["responses", "200", "content"]);
    return content?.has(events) && content.size === 1;
  };

  // The page shows a response when it has ended, and such a stream does not.
  const instead = (path, system) => {
    const address = new URL("..", window.location.href.split(/[?#]/)[0]).href.slice(0, -1) + path;
    const { createElement } = system.React;
    return createElement("div", { className: "opblock-section jobservice-watch" },
      createElement("p", null, "This stream goes on, and a response is shown here only when it has ended. Watch it in a terminal:"),
      createElement("pre", { className: "microlight" }, `curl -N "${address}"`),
      createElement("p", null, "or in a page of the same origin (with an API key: from a program that can send its header):"),
      createElement("pre", { className: "microlight" }, `new EventSource("${address}").onmessage = event => console.log(event.data);`));
  };

  const plugin = () => ({
    statePlugins: { spec: { wrapActions: { updateJsonSpec: update => spec => update(asText(spec)) } } },
    wrapComponents: {
      execute: (Execute, system) => props =>
        isOnlyEvents(props.operation) ? instead(props.path, system) : system.React.createElement(Execute, props),
    },
  });

  // Before the page's own onload, which was set after this.
  window.addEventListener("load", () => {
    const bundle = window.SwaggerUIBundle;
    window.SwaggerUIBundle = Object.assign(settings => bundle({ ...settings, plugins: [plugin], requestInterceptor: asLines }), bundle);
  });
})();
