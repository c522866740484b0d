// Shows the document that is served with the page. Its examples are of the default world; the page was given those of the served tenant instead.
const viewer = document.getElementById("viewer");
const values = JSON.parse(viewer.dataset.values);

function filled(description) {
  for (const [path, operations] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const said = values.requests?.[`${method} ${path}`] ?? {};
      for (const parameter of operation.parameters ?? []) {
        parameter.example = said[parameter.name] ?? parameter.example;
      }
      for (const body of Object.values(operation.requestBody?.content ?? {})) {
        for (const name of Object.keys(body.example ?? {})) {
          body.example[name] = said[name] ?? body.example[name];
        }
      }
      // The descriptions say these too, and read better.
      delete operation["x-facts"];
      for (const response of Object.values(operation.responses)) {
        delete response["x-errors"];
      }
    }
  }
  return description;
}

async function show() {
  const answer = await fetch("openapi.json" + location.search);
  if (!answer.ok) {
    viewer.textContent = await answer.text();
    return;
  }
  const ui = SwaggerUIBundle({
    domNode: viewer,
    spec: filled(await answer.json()),
    tryItOutEnabled: true,
    validatorUrl: null,
    showExtensions: true,
    onComplete: () => values.token && ui.preauthorizeApiKey("token", values.token),
  });
}

show();
